/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rbdvol itself can leave in a cluster when it is cut short for good: found, and removed. */
#pragma once

#include <stdbool.h>

#include "base/deadline.h"
#include "base/strlist.h"
#include "rbd/cluster.h"

struct leftovers {
	/* Specs "pool/ns/.rbdvol-NAME.HOST" of clones of OWNER that were never published. Those of
	 * other hosts may be under way. */
	struct strlist clones;
	/* "pool/ns/image@rbdvol-N": snapshots of ours that no clone needs. */
	struct strlist snapshots;
	/* Specs of images that OWNER holds. */
	struct strlist holds;
};
void leftovers_deinit(struct leftovers *l);
#define _cleanup_leftovers_ cleanup(leftovers_deinit)

/* Look at IMAGE ("pool/ns/image"; its own snapshots, not its clones), or without one at every image
 * of POOL, or of all pools where that is NULL too. */
int leftovers_find(struct cluster *c, const char *pool, const char *image, const char *owner,
		   struct leftovers *out, struct err **e);
/* 1: removed; 0: it is gone already, or in use after all. */
int leftover_remove_clone(struct cluster *c, const char *spec, struct deadline deadline,
			  struct err **e);
int leftover_remove_snapshot(struct cluster *c, const char *spec, struct err **e);
