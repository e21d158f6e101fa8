/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removal of leftovers. */
#pragma once

#include "base/deadline.h"
#include "base/err.h"
#include "rbd/guard.h"

struct cluster;

/* 1: removed; 0: it is gone already, in use after all, or it is not proved any more that it may go.
 */
int leftover_remove_clone(struct cluster *c, const char *name, struct deadline deadline,
			  struct err **e);
/* Nobody is blocklisted for its sake. */
int leftover_remove_foreign(struct cluster *c, const char *name, struct err **e);
int leftover_remove_snapshot(struct cluster *c, const char *name,
			     const struct snapshot_guard *guard, struct err **e);
int leftover_remove_remains(struct cluster *c, const char *name, struct err **e);
/* The snapshot that it was a clone of stays: it is among the snapshots that no clone needs. */
int leftover_finish_deletion(struct cluster *c, const char *name, struct err **e);
