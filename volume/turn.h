/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bound on how many operations of a kind run at once on this host. */
#pragma once

#include "volume/volume.h"

struct turns;
/* NULL when out of memory. */
struct turns *turns_new(unsigned at_once);
void turns_free(struct turns *t);

/* Wait for a turn, told as the step "wait for other WHAT (N at once)". Negative, and no turn: it
 * was cancelled (-ECANCELED), or the deadline has passed (-EBUSY, busy). */
int turn_take(struct turns *t, const char *what, struct progress *p, struct err **e);
void turn_end(struct turns *t);
