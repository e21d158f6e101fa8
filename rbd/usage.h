/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of the cluster an image takes. */
#pragma once

#include <rbd/librbd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/spec.h"
#include "ceph/cluster.h"
#include "ceph/ioctx.h"

/* In whole objects: one of which a little is written counts in full, as in 'rbd du'. What older
 * snapshots keep beyond that is not counted. */
struct usage {
	bool known;
	uint64_t objects;    /* of its own */
	uint64_t used_bytes; /* these cover */
	bool shared_known;
	uint64_t shared_bytes; /* read from the objects of its parents */
	bool stored_left_out;  /* they would be too many to ask, unless told to be slow */
	bool stored_known;
	uint64_t stored_bytes; /* the sizes of its objects, as the OSDs say */
};

enum usage_want {
	USAGE_SLOW = 1,	  /* ask for each object where there is no map of them */
	USAGE_STORED = 2, /* and for the size of each that exists */
};

/* The usage of SPEC, from object maps: they tell of all objects in a few reads. An image without
 * fast-diff (or whose map is invalid) has none: out->known is then false, unless told to be slow.
 * The same goes for its parents: then shared_known is false. GO_ON is asked every few thousand
 * objects; where it says no, its answer is the error: -ECANCELED (failed), -ETIMEDOUT
 * (unreachable). */
int image_usage(struct cluster *c, const struct spec *spec, unsigned want,
		const struct check *go_on, struct usage *out, struct err **e);

/* What an image that is open in P has itself; out->known is false where no object map tells. That
 * is read as it is in the cluster: nobody else may have the image open for writing. */
int image_usage_own(struct ioctx *p, rbd_image_t image, struct usage *out);

/* 1: the objects of an open image can be read off its object map; 0: only by asking for each. */
int image_has_map(rbd_image_t image);
/* How much of IMAGE, as it is open, was changed SINCE that snapshot of it (NULL: from the
 * beginning), in whole objects. Slow where one of the two has no object map. */
int image_changed_bytes(rbd_image_t image, const char *since, uint64_t *out);
