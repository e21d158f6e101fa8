/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an image was cloned from. */
#pragma once

#include <rados/librados.h>
#include <rbd/librbd.h>

#include "base/err.h"
#include "base/spec.h"
#include "ceph/ioctx.h"
#include "rbd/image.h"
#include "rbd/snapshot-cache.h"

/* Whether CHILD was cloned from PARENT, be it flattened since or PARENT renamed: 1 or 0. */
int image_is_clone_of(struct cluster *c, const struct spec *child, const struct spec *parent,
		      struct err **e);

/* Note on image ID what it is cloned from: PARENT, by the snapshot of SOURCE. */
int origin_note(rados_ioctx_t io, const char *id, const struct spec *parent,
		const struct clone_source *source);
/* Whether an open image was cloned from PARENT, in FROM (empty: its pool is gone); a PARENT without
 * a snapshot: from any of its snapshots. Ids decide; a parent that was renamed since is meant by
 * both of its names. *link is the parent that it has now. 1, 0 or negative errno. */
int origin_is(struct ioctx *from, rbd_image_t image, const struct spec *parent, struct link *link);
