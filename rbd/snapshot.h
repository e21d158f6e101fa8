/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of an image, and the choice of the one to clone. Internal to rbd/ but for tests. */
#pragma once

#include <rbd/librbd.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"
#include "ceph/ioctx.h"
#include "rbd/snapshot-cache.h"

/* The newest snapshot of PARENT without a delta to its head, or a new one where there is none, or
 * where it would take more than two seconds to tell. docs/reuse.md has the reasons.
 *
 * One look at the newest decides: a write after it came after all others too. Object maps that
 * differ are enough to take a new one; that the two are equal is shown by the versions of all their
 * objects, size and overlap. What was found is remembered, in CACHE and on the image for other
 * hosts, with the version of the object map: as long as that is the same nobody wrote, and the next
 * look is one round trip. A snapshot that is taken here needs no comparison for that. Racing hosts
 * derive the new one's name from what they saw, so that one of them makes it and the others find
 * it.
 *
 * CHILD_SIZE: what the clone shall have, 0 for the parent's; -EINVAL (usage) where it is smaller,
 * before a snapshot is made. -EUCLEAN (failed): a wipe of PARENT was begun and not completed.
 * -EOPNOTSUPP (unsupported): PARENT is of format 1. */
int snapshot_choose(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		    uint64_t child_size, struct deadline deadline, struct clone_source *out,
		    struct err **e);
/* PARENT@SNAP as it is, whatever became of the head. Errors as above. */
int snapshot_named(struct ioctx *p, const struct spec *parent, uint64_t child_size,
		   struct clone_source *out, struct err **e);
