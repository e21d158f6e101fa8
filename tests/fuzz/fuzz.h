/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fuzz target is one function over some bytes. With clang's libFuzzer it is driven by that;
 * without, by the main below, which reruns files: a crash that was found once is tested for ever.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes up to the first NUL as a string, which the caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	if (!text)
		abort();
	return text;
}

/* What must hold, in builds without assertions too. */
#define must(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

#ifdef FUZZ_MAIN
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

/* Runs the files of tests/fuzz/corpus/FUZZ_MAIN, or those named, as TAP. A fault ends the program.
 */
static int fuzz_one(int n, int folder, const char *path)
{
	_cleanup_free_ char *data = NULL;
	size_t size;

	if (file_read(folder, path, 1 << 20, &data, &size) < 0) {
		printf("not ok %d - can't read %s\n", n, path);
		return 1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)data, size);
	printf("ok %d - %s\n", n, path);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	_cleanup_free_ char *path = NULL;
	int n = 0, failed = 0;
	DIR *folder;

	for (int i = 1; i < argc; i++)
		failed += fuzz_one(++n, AT_FDCWD, argv[i]);
	if (argc == 1 && asprintf(&path, "%s/tests/fuzz/corpus/" FUZZ_MAIN, top ? top : ".") < 0)
		abort();
	folder = path ? opendir(path) : NULL;
	for (struct dirent *d; folder && (d = readdir(folder));)
		if (*d->d_name != '.')
			failed += fuzz_one(++n, dirfd(folder), d->d_name);
	if (folder)
		closedir(folder);
	printf("1..%d\n", n);
	return failed || !n;
}
#endif
