/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strlist.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

int strlist_add(struct strlist *l, const char *fmt, ...)
{
	char **items = reallocarray(l->items, l->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	l->items = items;
	items[l->n] = STR_FORMAT(fmt);
	if (!items[l->n])
		return -ENOMEM;
	l->n++;
	return 0;
}

bool strlist_has(const struct strlist *l, const char *string)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (!strcmp(l->items[i], string))
			return true;
	return false;
}

char *strlist_join(const struct strlist *l, const char *separator, size_t most)
{
	size_t n = most && l->n > most ? most : l->n;
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return NULL;
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s", i ? separator : "", l->items[i]);
	if (l->n > n)
		fprintf(f, " and %zu more", l->n - n);
	return text_end(f, &out);
}

void strlist_deinit(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist){0};
}
