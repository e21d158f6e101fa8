/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing list of owned strings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct strlist {
	char **items;
	size_t n;
};

/* Add a printed string. 0 or -ENOMEM. */
int strlist_add(struct strlist *l, const char *fmt, ...) _printf_(2, 3);
/* L may be NULL: nothing is in it. */
bool strlist_has(const struct strlist *l, const char *string);
/* All in one string, SEPARATOR between them; of more than MOST (0: no limit) the number. The caller
 * frees it; NULL when out of memory. */
char *strlist_join(const struct strlist *l, const char *separator, size_t most);
/* Free everything; may be called twice. */
void strlist_deinit(struct strlist *l);
#define _cleanup_strlist_ cleanup(strlist_deinit)
