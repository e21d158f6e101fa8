/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clone of an image, all or nothing, with a snapshot that fits reused. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"
#include "ceph/cluster.h"
#include "ceph/ioctx.h"
#include "rbd/snapshot-cache.h"

struct clone_options {
	uint64_t size_bytes;	   /* 0: the parent's; else not smaller */
	uint64_t features_allowed; /* RBD_FEATURE_* that this host's kernel can map */
	unsigned format;	   /* 1 or 2; 0: as configured for the pool */
	/* This host, [0-9a-f]+: names the clone under way, so that a retry finds what a killed one
	 * left. An owner makes one clone of a name at a time: the caller sees to that. */
	const char *owner;
};

struct clone_result {
	struct spec parent;    /* with the snapshot that was used */
	bool snapshot_created; /* or reused; several that ask for the same at once all say so */
	bool existed; /* CHILD stood already, made from the same parent: nothing was done */
	uint64_t features_dropped; /* of the parent's, not in features_allowed */
};
void clone_result_deinit(struct clone_result *r);
#define _cleanup_clone_result_ cleanup(clone_result_deinit)

/* Make CHILD from PARENT (an image: its newest snapshot without delta, or a new one; IMAGE@SNAP:
 * that snapshot). -ENOENT: pool, namespace, parent or snapshot missing. -EEXIST: CHILD exists and
 * is not a clone of PARENT. -EOPNOTSUPP: the parent is of format 1. -EINVAL: size below the
 * parent's.
 */
int clone_create(struct cluster *c, const struct spec *parent, const struct spec *child,
		 const struct clone_options *options, struct deadline deadline,
		 struct clone_result *out, struct err **e);
/* CHILD is there: complete what an attempt of OWNER to make it, interrupted, has left undone.
 * Changes nothing where there is nothing of the kind. */
int clone_complete(struct cluster *c, const struct spec *child, const char *owner,
		   struct deadline deadline, struct err **e);

/* Clone the snapshot that SOURCE names, in FROM, as image NAME in TO, with SOURCE's layout and
 * FEATURES; without a data pool of SOURCE's with the configured one; FORMAT is 1 or 2; *id is the
 * caller's to free. Negative errno; -ESTALE: NAME
 * was made, but of another image or snapshot than SOURCE's ids say, to which its names belong now.
 */
int clone_from_source(struct ioctx *from, const struct clone_source *source, struct ioctx *to,
		      const char *name, uint64_t features, unsigned format, char **id);
