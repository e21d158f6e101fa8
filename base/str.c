/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"

#include <errno.h>
#include <string.h>

int str_vprintf(char **out, const char *fmt, va_list ap)
{
	if (vasprintf(out, fmt, ap) >= 0)
		return 0;
	*out = NULL;
	return -ENOMEM;
}

int str_printf(char **out, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = str_vprintf(out, fmt, ap);
	va_end(ap);
	return r;
}

FILE *text_begin(struct text *t)
{
	*t = (struct text){0};
	return open_memstream(&t->s, &t->len);
}

char *text_end(FILE *f, struct text *t)
{
	if (!fclose(f))
		return t->s;
	free(t->s);
	return NULL;
}

unsigned str_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[32];

	if (la >= ARRAY_SIZE(row) || lb >= ARRAY_SIZE(row))
		return ARRAY_SIZE(row);
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[lb];
}
