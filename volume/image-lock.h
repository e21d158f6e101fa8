/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which images operations of this daemon are at. What of an image looks as if somebody had left it
 * behind (a hidden clone, a hold without a device) is nobody's only while none is. Thread-safe. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "base/spec.h"

enum image_lock_kind {
	IMAGE_LOCK_SHARED,    /* an operation on SPEC, be it an image or a snapshot */
	IMAGE_LOCK_EXCLUSIVE, /* nothing else on the image */
	IMAGE_LOCK_SNAPSHOTS, /* nothing on a snapshot of the image */
};
/* One operation's; from image_lock_shared to image_lock_end it must not move, nor SPEC go. */
struct image_lock {
	const struct spec *spec; /* NULL: not begun */
	enum image_lock_kind kind;
	struct image_lock *next;
};
struct image_locks {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	struct image_lock *first;
};

void image_locks_init(struct image_locks *all);
void image_locks_deinit(struct image_locks *all);
/* Waits while another operation excludes this one. -ETIMEDOUT: until the deadline. */
int image_lock_shared(struct image_locks *all, struct image_lock *p, const struct spec *spec,
		      struct deadline deadline);
/* To be alone at the image until the end; false where another operation is at it. */
bool image_lock_try_exclusive(struct image_locks *all, struct image_lock *p,
			      const struct spec *spec);
/* To remove snapshots of SPEC's image; false where an operation is at one of them. Several may have
 * this at once. */
bool image_lock_try_snapshots(struct image_locks *all, struct image_lock *p,
			      const struct spec *spec);
/* Fine where it did not begin. */
void image_lock_end(struct image_locks *all, struct image_lock *p);
bool image_is_locked(struct image_locks *all, const struct spec *spec);
