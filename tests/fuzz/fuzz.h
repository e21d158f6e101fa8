/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fuzz target is one function over some bytes. With clang's libFuzzer it is driven by that
 * (tests/fuzz/run); without, by rerun.c, which runs the files of its corpus: a crash that was found
 * once is tested for ever. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, in builds without assertions too. */
#define must(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

/* The bytes up to the first NUL as a string, which the caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	must(text);
	return text;
}

/* An outcome is success without an error, or a failure with words for it. */
static inline void must_tell(int r, const struct err *e)
{
	must(r >= 0 ? !e : e && e->message && *e->message);
}
