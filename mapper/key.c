/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/key.h"

#include <errno.h>
#include <keyutils.h>

#include "base/str.h"

static const struct err_meaning faults[] = {
	{ENOENT, ERR_UNSUPPORTED, "the kernel has no cbc(aes)",
	 "make the kernel's modules cbc and aes loadable (modprobe cbc)"},
	{ENODEV, ERR_UNSUPPORTED, "the kernel knows no keys of type ceph", "load libceph and rbd"},
	{ENOSYS, ERR_UNSUPPORTED, "the kernel has no keyrings", NULL},
	{EDQUOT, ERR_NO_SPACE, "the quota of kernel keys is used up",
	 "look at /proc/key-users; raise kernel.keys.maxkeys or maxbytes"},
	{EINVAL, ERR_USAGE, "the key is malformed",
	 "compare the keyring with what 'ceph auth get client.USER' says"},
	{EACCES, ERR_NOT_PERMITTED, "the thread's keyring may not be written", NULL},
	{EPERM, ERR_NOT_PERMITTED, "the kernel forbids it", NULL},
};

static int key_refused(const char *user, int code, struct err **e)
{
	const struct err_meaning *m = err_meaning_find(faults, ARRAY_SIZE(faults), code);

	if (!m)
		return err_errno(e, code, "cannot give the key of client.%s to the kernel", user);
	err_set(e, m->kind, code, "cannot give the key of client.%s to the kernel: %s", user,
		m->why);
	return m->hint ? err_hint(e, "%s", m->hint) : code;
}

int kernel_key_add(const char *user, const struct secret *secret, struct kernel_key *out,
		   struct err **e)
{
	_cleanup_free_ char *description = NULL;
	key_serial_t serial;

	*out = (struct kernel_key){0};
	if (!secret->data)
		return 0;
	if (str_printf(&description, "client.%s", user) < 0)
		return err_oom(e);
	serial = add_key("ceph", description, secret->data, secret->len, KEY_SPEC_THREAD_KEYRING);
	if (serial < 0)
		return key_refused(user, -errno, e);
	out->serial = serial;
	return 0;
}

void kernel_key_drop(struct kernel_key *k)
{
	if (!k->serial)
		return;
	keyctl_revoke(k->serial);
	keyctl_unlink(k->serial, KEY_SPEC_THREAD_KEYRING);
	*k = (struct kernel_key){0};
}
