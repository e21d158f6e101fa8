/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: the sizes of an image's objects, asked for many at a time. */
#pragma once

#include <rbd/librbd.h>

#include "base/check.h"
#include "ceph/ioctx.h"

struct stored;
/* IMAGE is open in P. NULL in *out: not to be known, since the image is striped. */
int stored_begin(struct ioctx *p, rbd_image_t image, struct stored **out);
/* Add the objects that have the bytes from START to END, as long as GO_ON says so. */
int stored_add(struct stored *s, uint64_t start, uint64_t end, const struct check *go_on);
/* What they hold together; ends S, which is freed. */
int stored_end(struct stored *s, uint64_t *out_bytes);
