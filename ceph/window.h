/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations on many objects, a bounded number of them under way at a time. */
#pragma once

#include <rados/librados.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define WINDOW_MAX 128

/* Begins as zeros, and ends by window_end. */
struct window {
	/* What became of the operation in SLOT (items[SLOT], still valid): its result or, instead,
	 * another is handed back. In the order in which they were begun. May be NULL. */
	int (*landed)(struct window *f, size_t slot, int result);
	rados_completion_t items[WINDOW_MAX];
	size_t first, n;
};

/* A completion for the next operation, in *slot; the oldest is waited for where there are too many.
 * Negative: that failed. */
int window_next(struct window *f, size_t *slot);
/* It is under way (R is 0), or could not be started (R, handed back). */
int window_begun(struct window *f, size_t slot, int r);
/* Ask for the size and the time of OBJECT in IO, into the fields of these arrays that the slot has.
 */
int window_stat(struct window *f, rados_ioctx_t io, const char *object, uint64_t sizes[],
		time_t times[]);
/* Wait for all; negative: one failed. */
int window_end(struct window *f);
