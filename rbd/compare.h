/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: whether the objects of an image are still those of a snapshot of it. */
#pragma once

#include <rbd/librbd.h>
#include <stdint.h>

#include "base/deadline.h"
#include "ceph/ioctx.h"
#include "rbd/object-map.h"

/* By object maps: cheap whatever the size, but 0 proves nothing, since a rollback copies the
 * snapshot's map over head's. IMAGE is open for reading, SNAP one of its snapshots, of the same
 * size. 1: they differ, or it would take too long to tell; or negative errno. */
int compare_maps(rbd_image_t image, const char *snap, struct deadline deadline);

/* Object by object: 0 if none of IMAGE's was written, created or removed since SNAP_ID; then none
 * was at the time of the call either, whoever writes meanwhile. Says nothing of the size and of
 * what is read from a parent. MAP, the snapshot's, NULL for none, is believed by who reads the
 * snapshot, so it must not call an object absent that is there. 1: one was, or it does; -ETIME: it
 * would take longer than two seconds, or than DEADLINE, to tell; or negative errno. */
int compare_objects(struct ioctx *p, rbd_image_t image, uint64_t snap_id,
		    const struct object_map *map, struct deadline deadline);

/* 1: MAP, of the snapshot SNAP_ID, calls an object absent that is there; 0: it does not, or more
 * are absent than can be asked for in about 0.1 s; or negative errno. */
int compare_absent(struct ioctx *p, rbd_image_t image, uint64_t snap_id,
		   const struct object_map *map);
