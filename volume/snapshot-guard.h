/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What keeps a snapshot of ours from being removed that the cluster does not know of: on this host
 * it is mapped for reading, or about to be. Internal to volume/. */
#pragma once

#include "ceph/cluster.h"
#include "rbd/guard.h"
#include "volume/image-lock.h"

struct snapshot_keeper {
	struct snapshot_guard guard; /* what the calls of rbd/ take */
	struct host *host;
	char fsid[FSID_LEN + 1];
	struct image_lock lock; /* from enter to leave */
};
/* Must not move afterwards. Connects. */
int snapshot_keeper_init(struct snapshot_keeper *k, struct host *h, struct cluster *c,
			 struct err **e);
