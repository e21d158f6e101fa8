/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether work that takes long is to go on: asked of the one who began it. */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct check {
	int (*fn)(void *arg); /* 0: go on; a negative errno: end with that. NULL: always go on */
	void *arg;
};

static inline int check_now(const struct check *c)
{
	return c->fn ? c->fn(c->arg) : 0;
}

/* Why it ended before it could do WHAT (a verb and its object): R as the check gave it. Returns R.
 */
int check_fail(int r, struct err **e, const char *what, ...) _printf_(3, 4);
