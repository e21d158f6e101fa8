/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first file system, on a volume where there has never been anything: rbdvold proves that. */
#include <errno.h>
#include <string.h>

#include "base/filesystem.h"
#include "base/str.h"
#include "cli/mkfs.h"
#include "cli/run.h"

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
			       "blkid cannot tell what is on %s: several file systems at once, or "
			       "unreadable",
			       node);
	*out = steal(&value);
	return 0;
}

static int not_blank(const char *node, const char *what, struct err **e)
{
	err_set(e, ERR_EXISTS, -EEXIST, "%s is not blank (%s): no file system is made on it", node,
		what);
	return err_hint(e, "mount it without mkfs=, or wipe it first if what is on it may go");
}

static int mkfs_make(const char *node, const char *type, struct err **e)
{
	const struct filesystem *fs = filesystem_find(type);
	const char *argv[ARRAY_SIZE(fs->make) + 3] = {NULL};
	_cleanup_free_ char *program = NULL;
	size_t n = 0;
	int r;

	if (str_printf(&program, "mkfs.%s", type) < 0)
		return err_oom(e);

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

int mount_mkfs(const json_t *shown, const char *node, const char *type, struct err **e)
{
	const char *what = json_string_value(json_object_get(shown, "not_blank"));

	if (json_is_true(json_object_get(shown, "blank")))
		return mkfs_make(node, type, e);
	return not_blank(node, what ? what : "as far as rbdvold can tell", e);
}
