/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which images operations of this daemon are at. What of an image looks as if somebody had left it
 * behind (a hidden clone, a hold without a device) is nobody's only while none is. Thread-safe. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "base/spec.h"

/* One operation's; from presence_begin to presence_end it must not move, nor SPEC go. */
struct presence {
	const struct spec *spec; /* NULL: not begun */
	bool alone;
	struct presence *next;
};
struct presences {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	struct presence *first;
};

void presences_init(struct presences *all);
void presences_deinit(struct presences *all);
/* Waits while another is alone at the image. -ETIMEDOUT: until the deadline. */
int presence_begin(struct presences *all, struct presence *p, const struct spec *spec,
		   struct deadline deadline);
/* To be alone at the image until the end; false where another operation is at it. */
bool presence_begin_alone(struct presences *all, struct presence *p, const struct spec *spec);
/* Fine where it did not begin. */
void presence_end(struct presences *all, struct presence *p);
bool presence_any(struct presences *all, const struct spec *spec);
