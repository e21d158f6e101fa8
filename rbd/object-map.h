/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: the object map of an image's head, past librbd. */
#pragma once

#include <rados/librados.h>
#include <stdbool.h>
#include <stdint.h>

/* Two bits an object, the first ones in the highest bits of a byte. Right only where the map is
 * valid, and nobody has the image open for writing. */
struct object_map {
	uint8_t *bits;
	uint64_t n;
};
void object_map_deinit(struct object_map *m);
#define _cleanup_object_map_ cleanup(object_map_deinit)

/* Of image ID. Negative errno, -EPROTO for an answer that makes no sense. */
int object_map_load(rados_ioctx_t io, const char *id, struct object_map *out);
bool object_map_has(const struct object_map *m, uint64_t object);
/* Note in the map of image ID that none of its N objects exists. For one who has the exclusive
 * lock, and does not use the map through librbd afterwards. */
int object_map_clear(rados_ioctx_t io, const char *id, uint64_t n);
