/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What depends on an image: its snapshots, the clones of each, and so on. */
#pragma once

#include "base/check.h"
#include "base/spec.h"
#include "ceph/cluster.h"

struct tree_image {
	struct spec spec;
	bool trash;  /* in the pool's trash, kept for its clones */
	bool closed; /* what it has cannot be seen: it is gone meanwhile, or not for this user */
	struct tree_snapshot *snapshots;
	size_t n;
};
struct tree_snapshot {
	char *name;
	bool trash; /* removed, kept for its clones; the name is Ceph's own then */
	struct tree_image *clones;
	size_t n;
};
void tree_deinit(struct tree_image *t);

/* An image with all that depends on it. Of the snapshots that nobody made by name those that have
 * clones. -ENOENT (not found); -EMLINK: there are too many. GO_ON is asked for each image; where it
 * says no, its answer is the error. */
int image_tree(struct cluster *c, const struct spec *spec, const struct check *go_on,
	       struct tree_image *out, struct err **e);
