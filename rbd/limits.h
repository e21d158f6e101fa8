/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's rbd driver can map. It takes the cluster's answers about an image and its
 * ancestors into buffers of a fixed size. An answer that does not fit is dropped, and the thread
 * that waits for it cannot be ended: a map, or the next write to a mapped device. So the limits are
 * checked before a map and before each snapshot that rbdvol takes. */
#pragma once

#include "base/spec.h"
#include "base/strlist.h"
#include "ceph/cluster.h"

#define KRBD_SNAPSHOTS_MAX  510
#define KRBD_SNAPSHOTS_WARN 450
#define KRBD_ANCESTORS_MAX  16
#define KRBD_SNAP_NAME_MAX  250 /* bytes */

/* Whether the kernel can map SPEC. -ERANGE (unsupported): it, or an ancestor of it, has too many
 * snapshots, or the name of a snapshot that the kernel reads is too long; -EMLINK (unsupported): it
 * has too many ancestors. NOTES gets a sentence for each image that comes near. What is not there
 * is not an error. */
int image_check_limits(struct cluster *c, const struct spec *spec, struct strlist *notes,
		       struct err **e);
/* The same of a clone that is to be made of PARENT. */
int image_check_clone_limits(struct cluster *c, const struct spec *parent, struct strlist *notes,
			     struct err **e);
/* Whether the kernel can map an image and its clones after one more snapshot of it. */
int image_check_snapshot_limits(struct cluster *c, const struct spec *spec, struct strlist *notes,
				struct err **e);
/* The same inside rbd/, for the image ID of SPEC in P. */
struct ioctx;
int limits_check_snapshot(struct ioctx *p, const struct spec *spec, const char *id, struct err **e);
