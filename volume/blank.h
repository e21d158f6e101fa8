/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether nothing has ever been written to a volume, so that a file system may be made on it. */
#pragma once

#include "volume/progress.h"
#include "volume/volume.h"

/* V, a volume of cluster C, was observed, and is attached. 1: nothing is on it: it is not a clone,
 * has no snapshots, none of its objects exists, libblkid knows nothing on its device, and both its
 * ends are zeros; 0: *out_what (the caller frees it) is what is there; negative: nobody can tell.
 */
int volume_prove_blank(struct host *h, struct cluster *c, const struct volume_info *v,
		       struct progress *p, char **out_what, struct err **e);
