/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first file system, on a volume where there has never been anything. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/filesystem.h"
#include "cli/mount.h"
#include "cli/run.h"

#define LOOKED_AT ((size_t)1 << 20) /* bytes, at the start and at the end */

enum { BLKID_NOTHING = 2 };

int mount_probe(const char *node, const char *tag, char **out, struct err **e)
{
	const char *const argv[] = {"blkid", "-p", "-s", tag, "-o", "value", node, NULL};
	_cleanup_free_ char *value = NULL;
	int r = program_run_line(argv, &value, e);

	if (r < 0)
		return r;
	if (r && r != BLKID_NOTHING)
		return err_set(e, ERR_FAILED, -EIO,
			       "blkid can't tell what is on %s: several file systems at once, or "
			       "unreadable",
			       node);
	*out = steal(&value);
	return 0;
}

/* 1: LEN bytes at OFFSET are all zero. */
static int is_zero(int fd, off_t offset, char *buf, size_t len)
{
	for (size_t n = 0; n < len;) {
		ssize_t r = pread(fd, buf + n, len - n, offset + (off_t)n);

		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		n += (size_t)r;
	}
	return !buf[0] && !memcmp(buf, buf + 1, len - 1);
}

static int ends_are_zero(const char *node, struct err **e)
{
	_cleanup_close_ int fd = open(node, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *buf = malloc(LOOKED_AT);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	size_t len = size > (off_t)LOOKED_AT ? LOOKED_AT : (size_t)size;
	int r = size <= 0 ? -EIO : 0;

	if (!buf)
		return err_oom(e);
	if (!r)
		r = is_zero(fd, 0, buf, len);
	if (r > 0)
		r = is_zero(fd, size - (off_t)len, buf, len);
	return r < 0 ? err_errno(e, r, "can't read %s to see whether it is blank", node) : r;
}

static int not_blank(const char *node, const char *what, struct err **e)
{
	err_set(e, ERR_EXISTS, -EEXIST, "%s is not blank (%s): no file system is made on it", node,
		what);
	return err_hint(e, "mount it without mkfs=, or wipe it first if what is on it may go");
}

static int make(const char *node, const char *type, struct err **e)
{
	const struct filesystem *fs = filesystem_find(type);
	const char *argv[ARRAY_SIZE(fs->make) + 3] = {NULL};
	_cleanup_free_ char *program = NULL;
	size_t n = 0;
	int r;

	if (asprintf(&program, "mkfs.%s", type) < 0) {
		program = NULL;
		return err_oom(e);
	}

	/* No option here says: never mind what is there. */
	argv[n++] = program;
	for (size_t i = 0; fs && fs->make[i]; i++)
		argv[n++] = fs->make[i];
	argv[n] = node;
	r = program_run(argv, e);
	if (r > 0)
		return err_set(e, ERR_FAILED, -EIO, "%s %s ended with status %d", program, node, r);
	return r;
}

int mount_mkfs(const json_t *volume, const char *node, const char *type, struct err **e)
{
	_cleanup_free_ char *found = NULL;
	const char *parent = json_string_value(json_object_get(volume, "parent"));
	int r = mount_probe(node, "TYPE", &found, e);

	if (r < 0 || !strcmp(found, type))
		return r;
	if (*found)
		return not_blank(node, found, e);
	if (parent)
		return not_blank(node, "it is a clone", e);
	if (json_integer_value(json_object_get(volume, "snapshots")))
		return not_blank(node, "it has snapshots", e);
	r = ends_are_zero(node, e);
	if (r < 0)
		return r;
	return r ? make(node, type, e) : not_blank(node, "it has data that blkid does not know", e);
}
