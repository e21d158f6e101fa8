/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volumes of an rbdmap file in fstab and crypttab. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/spec.h"
#include "cli/rbdmap-devices.h"
#include "cli/rbdmap-plan.h"

/* When all lines of FILE are in: what is to change in fstab and crypttab, and what to tell of units
 * and hooks. */
int rbdmap_plan_tables(struct rbdmap_plan *p, const char *file, struct err **e);

/* What SOURCE, which a table of this host names, is with these volumes. */
struct rbdmap_target {
	enum rbdmap_place place;
	char *volume; /* NULL where it is of none, or of several */
	char *link;   /* its device, below /dev/rbdvol/ */
	bool planned; /* the volume is one of these */
	bool partition;
};
int rbdmap_target(const struct rbdmap_plan *p, const char *source, struct rbdmap_target *out,
		  struct err **e);
void rbdmap_target_deinit(struct rbdmap_target *t);
#define _cleanup_rbdmap_target_ cleanup(rbdmap_target_deinit)
/* fstab swaps to the whole of its device. */
bool rbdmap_swaps_to(const struct rbdmap_plan *p, const struct spec *spec);
