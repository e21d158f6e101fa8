/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leftovers of interrupted operations. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "mapper/mapping.h"
#include "rbd/leftover.h"

struct host;
struct progress;

/* What is left over in POOL (NULL: in every pool) or of IMAGE, but for what an operation of this
 * daemon is at. P tells when to end; then, and where it fails, *out has what was found. */
int find_leftovers(struct host *h, struct cluster *c, struct progress *p, const char *pool,
		   const char *image, struct leftovers *out, struct err **e);
/* Whether no device of this host belongs to the hold I that was found. */
bool is_stale_hold(const struct leftovers *left, size_t i, const struct device_list *devices);
