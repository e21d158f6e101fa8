/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reset of a clone to its parent's snapshot. */
#pragma once

#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"

struct cluster;

/* What a clone has of its own goes, and what is read is its parent's snapshot again: at once, all
 * or nothing, under the same name, of the same size, layout, features and metadata. The image is
 * another one afterwards, with an id of its own. OWNER as for clone_create. Repeated after it was
 * interrupted it completes what was begun, and does it anew. Refused before anything is changed: no
 * clone (-EINVAL), snapshots (-ENOTEMPTY), watchers (-EBUSY), members of a group or of mirroring
 * and clones whose parent's snapshot is in the trash (-EOPNOTSUPP). */
int image_reset(struct cluster *c, const struct spec *spec, const char *owner,
		struct deadline deadline, struct err **e);
