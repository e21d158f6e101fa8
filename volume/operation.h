/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One operation under way: what its steps share. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/krbd-options.h"
#include "base/request.h"
#include "base/spec.h"
#include "mapper/mapping.h"
#include "volume/image-lock.h"
#include "volume/progress.h"
#include "volume/volume.h"

struct operation {
	struct host *host;
	const struct spec *spec;
	const struct spec *named; /* by rollback: the snapshot of it */
	const struct volume_request *req;
	struct progress *progress;
	struct cluster *cluster;      /* connected when first used */
	struct spec parent;	      /* req->from, parsed; empty where not given */
	struct volume_info *v;	      /* what is observed */
	struct image_lock image_lock; /* this operation is at the image */
	struct err *missing;	      /* which part of the spec observe_image did not find */
	struct device meant; /* where a device was named: that, as it was; its node is NULL else */
	struct krbd_options options; /* map options: the user's, the configuration's, defaults */
	unsigned permille;	     /* of the step that was told of last */
	const char *telling;	     /* that step */
	bool mapped_here;	     /* by this operation: undone if a later step fails */
	bool held_here;		     /* likewise */
	bool udev_is_late;	     /* with the device: that stays */
	bool limits_told;	     /* of the kernel, what comes near */
};
