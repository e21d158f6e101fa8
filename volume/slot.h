/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bound on how many operations of a kind run at once on this host. */
#pragma once

#include "volume/progress.h"
#include "volume/volume.h"

struct slots;
/* NULL when out of memory. */
struct slots *slots_new(unsigned at_once);
void slots_free(struct slots *t);

/* Wait for a turn, told as the step "wait for other WHAT (N at once)". Negative, and no turn: it
 * was cancelled (-ECANCELED), or the deadline has passed (-EBUSY, busy). */
int slot_take(struct slots *t, const char *what, struct progress *p, struct err **e);
void slot_end(struct slots *t);
