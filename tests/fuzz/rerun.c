/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-TARGET [FILE…]: run the files of tests/fuzz/corpus/TARGET, or those named, as TAP. A fault
 * ends the program. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "tests/fuzz/fuzz.h"

static int rerun(int n, int directory, const char *path)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	size_t size;

	if (file_read(directory, path, 1 << 20, &text, &size) < 0) {
		printf("not ok %d - cannot read %s\n", n, path);
		return 1;
	}
	/* Of its exact size, so that sanitizers and valgrind see a step beyond. */
	data = malloc(size ? size : 1);
	must(data);
	memcpy(data, text, size);
	LLVMFuzzerTestOneInput(data, size);
	printf("ok %d - %s\n", n, path);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir"), *target = strstr(argv[0], "fuzz-");
	_cleanup_free_ char *path = NULL;
	int n = 0, failed = 0;
	DIR *directory = NULL;

	for (int i = 1; i < argc; i++)
		failed += rerun(++n, AT_FDCWD, argv[i]);
	if (argc == 1 && target &&
	    asprintf(&path, "%s/tests/fuzz/corpus/%s", top ? top : ".", target + 5) >= 0)
		directory = opendir(path);
	for (struct dirent *d; directory && (d = readdir(directory));)
		if (*d->d_name != '.')
			failed += rerun(++n, dirfd(directory), d->d_name);
	if (directory)
		closedir(directory);
	printf("1..%d\n", n);
	return failed || !n;
}
