/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's key, found where librados finds it: the options key, keyfile, keyring. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "ceph/cluster.h"
#include "ceph/keyring.h"
#include "ceph/session.h"

#define KEYRING_MAX 65536

/* A text with a key in it: wiped when it goes. */
static void wipe_p(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}
#define _cleanup_wipe_ cleanup(wipe_p)

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

int key_decode(const char *text, struct secret *out)
{
	_cleanup_secret_ struct secret s = {.data = malloc(strlen(text) + 1)};
	uint32_t bits = 0;
	unsigned n = 0;

	if (!s.data)
		return -ENOMEM;
	text += strspn(text, " \t\r\n");
	for (; base64_digit(*text) >= 0; text++) {
		bits = bits << 6 | (uint32_t)base64_digit(*text);
		if (n++ % 4)
			s.data[s.len++] = (uint8_t)(bits >> (6 - 2 * ((n - 1) % 4)));
	}
	explicit_bzero(&bits, sizeof(bits));
	text += strspn(text, "=");
	text += strspn(text, " \t\r\n");
	if (*text || !s.len || n % 4 == 1)
		return -EINVAL;
	*out = s;
	s = (struct secret){0};
	return 0;
}

static char *strip(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

/* The value of 'key' in the section [ENTITY] of a keyring TEXT, which is changed; NULL: none. */
static const char *keyring_key(char *text, const char *entity)
{
	bool ours = false;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *s = strip(line), *value;

		if (*s == '[') {
			s[strcspn(s, "]")] = '\0';
			ours = !strcmp(strip(s + 1), entity);
			continue;
		}
		value = ours ? strchr(s, '=') : NULL;
		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(strip(s), "key"))
			return strip(value);
	}
	return NULL;
}

int key_in_text(char *text, const char *entity, struct secret *out)
{
	const char *key = keyring_key(text, entity);
	int r = key ? key_decode(key, out) : 0;

	return r < 0 ? r : key != NULL;
}

/* 1 and *out, 0: this file has none (or is absent), or negative. */
static int key_in_keyring(const char *path, const char *entity, struct secret *out)
{
	_cleanup_wipe_ char *text = NULL;
	size_t len;
	int r = file_read(AT_FDCWD, path, KEYRING_MAX, &text, &len);

	if (r < 0)
		return r == -ENOENT ? 0 : r;

	/* The lines are cut up below, so wipe by length. */
	_cleanup_secret_ struct secret whole = {(uint8_t *)steal(&text), len};

	return key_in_text((char *)whole.data, entity, out);
}

static int fail_path(struct err **e, int r, const char *path, const char *user)
{
	if (r == -EINVAL)
		return err_set(e, ERR_FAILED, r, "the key of client.%s in %s is not a valid one",
			       user, path);
	return err_errno(e, r, "read the key of client.%s from %s", user, path);
}

/* *file: which of them has it. */
static int key_in_keyrings(char *paths, const char *user, struct secret *out, const char **file,
			   struct err **e)
{
	_cleanup_free_ char *entity = NULL;
	char *save = NULL;
	int r = 0;

	if (str_printf(&entity, "client.%s", user) < 0)
		return err_oom(e);
	for (char *p = strtok_r(paths, ",; ", &save); p && !r; p = strtok_r(NULL, ",; ", &save)) {
		r = key_in_keyring(p, entity, out);
		if (r < 0)
			return fail_path(e, r, p, user);
		*file = p;
	}
	return r;
}

static int key_in_file(const char *path, const char *user, struct secret *out, struct err **e)
{
	_cleanup_wipe_ char *text = NULL;
	size_t len;
	int r = file_read(AT_FDCWD, path, KEYRING_MAX, &text, &len);

	if (!r)
		r = key_decode(text, out);
	return r < 0 ? fail_path(e, r, path, user) : 0;
}

static int found_in(const char *path, char **file, struct err **e)
{
	if (!file)
		return 0;
	*file = strdup(path);
	return *file ? 0 : err_oom(e);
}

int key_find(rados_t rados, const char *user, struct secret *out, char **file, struct err **e)
{
	_cleanup_wipe_ char *key = session_conf(rados, "key");
	_cleanup_free_ char *keyfile = session_conf(rados, "keyfile");
	_cleanup_free_ char *keyring = session_conf(rados, "keyring");
	_cleanup_free_ char *paths = keyring ? strdup(keyring) : NULL;
	const char *path = NULL;
	int r;

	if (file)
		*file = NULL;

	if (key && *key) {
		r = key_decode(key, out);
		return r < 0 ? fail_path(e, r, "the option 'key'", user) : 0;
	}
	if (keyfile && *keyfile) {
		r = key_in_file(keyfile, user, out, e);
		return r < 0 ? r : found_in(keyfile, file, e);
	}
	r = paths ? key_in_keyrings(paths, user, out, &path, e) : 0;
	if (r < 0)
		return r;
	if (r > 0)
		return found_in(path, file, e);
	err_set(e, ERR_NOT_PERMITTED, -ENOENT, "no key of client.%s in any keyring: %s", user,
		keyring && *keyring ? keyring : "none is configured");
	return err_hint(e, "get it with 'ceph auth get client.%s' on a host of the cluster", user);
}

/* Whether the cluster may be used without a key ("none" among the methods of the client). */
static bool keyless(rados_t rados, bool only)
{
	_cleanup_free_ char *methods = session_conf(rados, "auth_client_required");

	return methods && strstr(methods, "none") && !(only && strstr(methods, "cephx"));
}

int key_file(rados_t rados, const char *user, char **out, struct err **e)
{
	_cleanup_secret_ struct secret key = {0};

	*out = NULL;
	/* By default a client would do without a key, too; whether the cluster does is not asked.
	 */
	return keyless(rados, true) ? 0 : key_find(rados, user, &key, out, e);
}

int cluster_secret(struct cluster *c, struct secret *out, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	int r = cluster_session(c, &s, e);

	*out = (struct secret){0};
	if (r < 0 || keyless(s->rados, true))
		return r;
	r = key_find(s->rados, s->user, out, NULL, e);
	if (r == -ENOENT && keyless(s->rados, false)) {
		/* No key, and yet connected: the cluster asks for none. */
		err_free(steal(e));
		return 0;
	}
	return r;
}
