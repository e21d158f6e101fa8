/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing list of owned strings. */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

struct strlist {
	char **items;
	size_t n;
};

/* Add a printed string. 0 or -ENOMEM. */
int strlist_add(struct strlist *l, const char *fmt, ...) _printf_(2, 3);
/* Free everything; may be called twice. */
void strlist_deinit(struct strlist *l);
#define _cleanup_strlist_ cleanup(strlist_deinit)
