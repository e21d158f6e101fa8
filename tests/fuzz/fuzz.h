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
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		_cleanup_free_ char *data = NULL;
		size_t size;

		if (file_read(AT_FDCWD, argv[i], 1 << 20, &data, &size) < 0) {
			fprintf(stderr, "can't read %s\n", argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)data, size);
	}
	printf("%d files, no fault\n", argc - 1);
	return 0;
}
#endif
