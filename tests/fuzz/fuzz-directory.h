/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For what is parsed where it lies: a directory of the program's own, gone when the program ends.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static char fuzz_path[256];

static int fuzz_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void fuzz_directory_remove(void)
{
	nftw(fuzz_path, fuzz_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* The directory's path, the same at each call. */
static inline const char *fuzz_directory(void)
{
	const char *tmp = getenv("TMPDIR");

	if (*fuzz_path)
		return fuzz_path;
	snprintf(fuzz_path, sizeof(fuzz_path), "%s/rbdvol-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	must(mkdtemp(fuzz_path));
	must(!atexit(fuzz_directory_remove));
	return fuzz_path;
}

/* PATH becomes a file of those bytes; without any (NULL) it is not there. */
static inline void fuzz_file(const char *path, const void *data, size_t size)
{
	_cleanup_close_ int fd = -1;

	if (!data) {
		unlink(path);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}
