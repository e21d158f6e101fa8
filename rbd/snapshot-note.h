/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: a note on an image that a snapshot equals its head, and at which version of the
 * object map nobody had the exclusive lock and it was so. What the snapshot cache is for one
 * daemon, this is for all hosts, and across restarts. It is out of date as soon as anybody gets the
 * lock, and nobody need remove it then. Who can write it can write the image too. */
#pragma once

#include <rbd/librbd.h>
#include <stdbool.h>
#include <stdint.h>

#include "ceph/ioctx.h"

struct snapshot_note {
	int64_t pool_id; /* with the id: a copy of the image may have a copy of the note */
	const char *image_id;
	uint64_t snap_id;
	uint64_t map_version;
};
/* Whether what is noted on the open IMAGE is exactly N. */
bool snapshot_note_is(rbd_image_t image, const struct snapshot_note *n);
/* An image that cannot be written (no right to) stays without; that costs the next look time. */
void snapshot_note_set(struct ioctx *p, const struct snapshot_note *n);
