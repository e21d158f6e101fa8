/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: operations on many objects, a bounded number of them under way at a time. */
#pragma once

#include <rados/librados.h>
#include <stddef.h>
#include <stdint.h>

#define FLIGHT_MAX 128

/* Begins as zeros, and ends by flight_end. */
struct flight {
	/* What became of the operation in SLOT; its result or, instead, another is handed back. May
	 * be NULL. */
	int (*landed)(struct flight *f, size_t slot, int result);
	rados_completion_t items[FLIGHT_MAX];
	size_t first, n;
};

/* A completion for the next operation, in *slot; the oldest is waited for where there are too many.
 * Negative: that failed. */
int flight_next(struct flight *f, size_t *slot);
/* It is under way (R is 0), or could not be started (R, handed back). */
int flight_begun(struct flight *f, size_t slot, int r);
/* Wait for all; negative: one failed. */
int flight_end(struct flight *f);
