/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The snapshots of an image as who manages them sees them: listed, deleted, rolled back to. */
#pragma once

#include <rbd/librbd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/spec.h"
#include "ceph/cluster.h"
#include "rbd/change.h"
#include "rbd/guard.h"

struct snapshot_entry {
	char *name;
	uint64_t id;
	uint64_t size_bytes; /* of the image when it was taken */
	bool used_known;     /* from object maps alone */
	uint64_t used_bytes; /* in whole objects: changed since the snapshot before it */
	time_t created;	     /* 0: not known */
	bool is_protected;
	bool ours;	 /* rbdvol took it, to clone from */
	uint64_t clones; /* images that are made of it */
};
struct snapshot_entries {
	struct snapshot_entry *items;
	size_t n;
};
void snapshot_entries_deinit(struct snapshot_entries *l);

/* The images that are cloned from the snapshot that IMAGE is set to. Negative errno. */
struct clones {
	rbd_linked_image_spec_t *items;
	size_t n;
};
int clones_list(rbd_image_t image, struct clones *out);
void clones_deinit(struct clones *c);
#define _cleanup_clones_ cleanup(clones_deinit)

/* The snapshots that have a name (not those of groups and mirroring, nor those that were removed
 * and are kept for their clones), the oldest first. GO_ON is asked for each; where it says no, its
 * answer is the error. -ENOENT (not found). */
int image_snapshots(struct cluster *c, const struct spec *spec, const struct check *go_on,
		    struct snapshot_entries *out, struct err **e);
/* Remove the snapshot that SPEC names, if GUARD lets it. Refused: it is protected, or has clones,
 * which are named (-ENOTEMPTY, busy); it is in use on this host (-EBUSY). -ENOENT (not found). */
int image_snapshot_remove(struct cluster *c, const struct spec *spec,
			  const struct snapshot_guard *guard, struct err **e);
/* Give the image the content and the size of the snapshot that SPEC names. Until that is done it is
 * noted on the image (image_info's rolling_back); repeated, it completes what was interrupted.
 * -EBUSY: somebody has it open for writing; -ENOENT (not found). */
int image_rollback(struct cluster *c, const struct spec *spec, change_progress *tell, void *arg,
		   struct err **e);
