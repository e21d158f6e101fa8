/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for volume/ where the daemon's front is tested: no cluster, no kernel. What an
 * operation does depends on the image's name: web…      works at once (attach gives /dev/rbd7)
 *   missing   is not found
 *   slow      takes a second, in the step "map"
 *   stuck     hangs for a minute, in the step "map"
 *   noted     works, with a note */
#pragma once

#include <stdatomic.h>

#include "volume/volume.h"

struct fake_counts {
	atomic_int hosts;     /* there are */
	atomic_int attaches;  /* that began */
	atomic_int under_way; /* now */
	atomic_int most;      /* at once */
};
extern struct fake_counts fake;
