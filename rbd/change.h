/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image changed as a whole: grown, snapshotted, made independent of its parent. All of it works
 * while the image is mapped, here or elsewhere, unless that mapping keeps the exclusive lock for
 * itself (the map option 'exclusive'). */
#pragma once

#include <stdint.h>

#include "base/spec.h"
#include "ceph/cluster.h"
#include "rbd/guard.h"

/* How far it is, in thousandths; from any thread, one at a time. Negative: it shall end, with that.
 */
typedef int change_progress(unsigned permille, void *arg);
/* librbd's progress, whose argument is a struct telling. */
struct telling {
	change_progress *tell;
	void *arg;
};
int change_on_progress(uint64_t done, uint64_t total, void *arg);
/* For nobody. */
int change_no_progress(uint64_t done, uint64_t total, void *arg);

/* -EINVAL (usage): it is larger already. Fine where it has that size. */
int image_grow(struct cluster *c, const struct spec *spec, uint64_t size_bytes, struct err **e);
/* -EEXIST: a snapshot of that name is there. */
int image_snapshot(struct cluster *c, const struct spec *spec, const char *snap, struct err **e);
/* Free the blocks of 4 KiB that hold only zeros, without changing what is read. */
int image_sparsify(struct cluster *c, const struct spec *spec, change_progress *tell, void *arg,
		   struct err **e);
/* Copy what the image shares with its parent; fine where it has none. A snapshot of ours on the
 * parent that no other child uses goes afterwards, if GUARD (NULL: nobody asks) lets it; one that
 * was interrupted in between is completed. *out_parent_snapshot tells its spec (the caller frees
 * it) or is NULL. */
int image_flatten(struct cluster *c, const struct spec *spec, change_progress *tell, void *arg,
		  const struct snapshot_guard *guard, char **out_parent_snapshot, struct err **e);
/* 1: an image without a parent was not completed so yet; 0: there is nothing to complete. */
int image_flatten_begun(struct cluster *c, const struct spec *spec, struct err **e);
