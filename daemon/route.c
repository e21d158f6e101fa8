/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/route.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static bool matches(const char *pattern, const char *path, const char **segment, size_t *len)
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : 0;

	if (!star)
		return !strcmp(pattern, path);
	if (strncmp(pattern, path, before))
		return false;
	*segment = path + before;
	*len = strcspn(*segment, "/");
	return *len && !strcmp(star + 1, *segment + *len);
}

/* 0 or -ENOMEM. */
static int list_method(char **list, const char *method)
{
	char *longer;

	if (str_printf(&longer, "%s%s%s", *list ? *list : "", *list ? ", " : "", method) < 0)
		return -ENOMEM;
	free(*list);
	*list = longer;
	return 0;
}

const struct route *route_find(const struct route *table, size_t n, const char *method,
			       const char *path, const char **segment, size_t *len, char **allow)
{
	*allow = NULL;
	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (size_t i = 0; i < n; i++) {
		if (!matches(table[i].path, path, segment, len))
			continue;
		if (!strcmp(table[i].method, method)) {
			free(*allow);
			*allow = NULL;
			return &table[i];
		}
		if (list_method(allow, table[i].method) < 0)
			break;
	}
	return NULL;
}

static int hex(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int percent_decode(const char *text, size_t len, char **out, struct err **e)
{
	_cleanup_free_ char *decoded = malloc(len + 1);
	size_t n = 0;

	if (!decoded)
		return err_oom(e);
	for (size_t i = 0; i < len; i++) {
		int high, low;

		decoded[n++] = text[i];
		if (text[i] != '%')
			continue;
		high = i + 2 < len ? hex(text[i + 1]) : -1;
		low = i + 2 < len ? hex(text[i + 2]) : -1;
		if (high < 0 || low < 0 || !(high || low))
			return err_set(e, ERR_USAGE, -EINVAL,
				       "'%%' in the request's path is not %%NN");
		decoded[n - 1] = (char)(high << 4 | low);
		i += 2;
	}
	decoded[n] = '\0';
	*out = steal(&decoded);
	return 0;
}
