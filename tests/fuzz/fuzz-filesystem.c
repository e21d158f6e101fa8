/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file system's type, then on a line each options of mount and of mkfs: what is let through has
 * none of what must never be. */
#include <stdio.h>
#include <sys/mount.h>

#include "base/filesystem-options.h"
#include "base/filesystem.h"
#include "tests/fuzz/fuzz.h"
#include "volume/filesystem.h"

static void check_mount(const char *type, const char *options)
{
	_cleanup_free_ char *data = NULL, *words = NULL;
	_cleanup_err_ struct err *e = NULL;
	unsigned long flags = 0;
	int r = mount_options_parse(type, options, &flags, &data, &e);

	must_tell(r, e);
	if (r < 0)
		return;
	must(data && !strpbrk(data, " /\\\"\n"));
	must(asprintf(&words, ",%s,", data) > 0 && !strstr(words, ",errors=panic,"));
	must(!(flags & (MS_REMOUNT | MS_BIND | MS_MOVE)));
}

static void check_mkfs(const char *type, const char *options)
{
	_cleanup_err_ struct err *e = NULL;
	int r = mkfs_options_check(type, options, &e);

	must_tell(r, e);
	must(r < 0 || !strpbrk(options, "/\\\"'$`;|&<>\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char *rest = text, *options;
	const char *type = strsep(&rest, "\n");
	_cleanup_err_ struct err *e = NULL;
	int r = filesystem_known(type, true, &e);

	must_tell(r, e);
	options = strsep(&rest, "\n");
	check_mount(*type ? type : NULL, options);
	if (rest)
		check_mkfs(type, rest);
	return 0;
}
