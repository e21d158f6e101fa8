/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/module.h"

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/krbd-options.h"

#define BUS		 "/sys/bus/rbd"
#define FEATURE_LAYERING 1

static void kmod_ctx_drop(struct kmod_ctx *ctx)
{
	kmod_unref(ctx);
}
DEFINE_CLEANUP(struct kmod_ctx *, kmod_ctx_drop)

static void kmod_list_drop(struct kmod_list *list)
{
	kmod_module_unref_list(list);
}
DEFINE_CLEANUP(struct kmod_list *, kmod_list_drop)

static int no_driver(struct err **e)
{
	struct utsname u;

	uname(&u);
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP, "this kernel (%s) has no rbd driver", u.release);
	return err_hint(e,
			"install the package with the module rbd.ko of kernel %s (often called "
			"linux-modules-extra) and its modules.dep (depmod)",
			u.release);
}

static int insert(struct kmod_ctx *ctx, struct err **e)
{
	cleanup(kmod_list_drop_p) struct kmod_list *list = NULL;
	struct kmod_list *item;
	int r = kmod_module_new_from_lookup(ctx, "rbd", &list);

	if (r == -ENOSYS || r == -ENOENT || (!r && !list))
		return no_driver(e);
	if (r < 0)
		return err_errno(e, r, "cannot look up the kernel module rbd");
	kmod_list_foreach(item, list) {
		struct kmod_module *mod = kmod_module_get_module(item);

		r = kmod_module_probe_insert_module(mod, 0, "single_major=Y", NULL, NULL, NULL);
		kmod_module_unref(mod);
		if (r == -EPERM)
			return err_set(e, ERR_NOT_PERMITTED, r,
				       "loading the kernel module rbd needs root");
		if (r == -ENOENT)
			return no_driver(e);
		if (r < 0)
			return err_errno(e, r, "cannot load the kernel module rbd");
	}
	return 0;
}

int module_load(struct err **e)
{
	cleanup(kmod_ctx_drop_p) struct kmod_ctx *ctx = NULL;
	int r;

	if (!access(BUS, F_OK))
		return 0;
	ctx = kmod_new(NULL, NULL);
	if (!ctx)
		return err_oom(e);
	r = insert(ctx, e);
	if (r < 0)
		return r;
	return access(BUS, F_OK) ? no_driver(e) : 0;
}

int module_features(uint64_t *out, struct err **e)
{
	_cleanup_free_ char *text = NULL;
	char *end;
	int r = module_load(e);

	if (r < 0)
		return r;
	r = file_read_line(AT_FDCWD, BUS "/supported_features", &text);
	if (r == -ENOENT) {
		*out = FEATURE_LAYERING;
		return 0;
	}
	if (r < 0)
		return err_errno(e, r, "cannot read " BUS "/supported_features");
	*out = strtoull(text, &end, 16);
	if (end == text || *end)
		return err_set(e, ERR_FAILED, -EBADMSG,
			       "the kernel's " BUS "/supported_features is not a number: '%s'",
			       text);
	return 0;
}

unsigned kernel_version(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return 0;
	return KERNEL(major, minor);
}
