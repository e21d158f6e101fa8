/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts: made as printf makes them, compared. */
#pragma once

#include <stdarg.h>

#include "base/cleanup.h"

/* 0 and *out, which the caller frees; or -ENOMEM, and *out is NULL. */
int str_printf(char **out, const char *fmt, ...) _printf_(2, 3);
int str_vprintf(char **out, const char *fmt, va_list ap) _printf_(2, 0);

/* What FMT makes of the arguments behind it of the function that says this; the caller frees it.
 * NULL: out of memory. */
#define STR_FORMAT(fmt)                                                                            \
	({                                                                                         \
		char *_text;                                                                       \
		va_list _ap;                                                                       \
		va_start(_ap, fmt);                                                                \
		str_vprintf(&_text, fmt, _ap);                                                     \
		va_end(_ap);                                                                       \
		_text;                                                                             \
	})

/* A text that is printed piece by piece. */
struct text {
	char *s;
	size_t len;
};
/* What to print to; NULL: out of memory. */
FILE *text_begin(struct text *t);
/* Close F. The text, the caller's, with t->len bytes; NULL: out of memory. */
char *text_end(FILE *f, struct text *t);

/* How many letters must be added, dropped or changed to make B of A; 32 where one of them is longer
 * than that. */
unsigned str_distance(const char *a, const char *b);
