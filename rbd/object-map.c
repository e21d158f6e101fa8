/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/object-map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "ceph/wire.h"

#define MAP_OBJECT "rbd_object_map."
#define AT_ONCE	   262144 /* objects that librbd, too, has the OSD note in one step */

DEFINE_CLEANUP(rados_read_op_t, rados_release_read_op)
DEFINE_CLEANUP(char *, rados_buffer_free)

static char *object_of(const char *id)
{
	char *out;

	return str_printf(&out, MAP_OBJECT "%s", id) < 0 ? NULL : out;
}

void object_map_deinit(struct object_map *m)
{
	free(m->bits);
	*m = (struct object_map){0};
}

bool object_map_has(const struct object_map *m, uint64_t object)
{
	return m->bits[object / 4] >> (6 - object % 4 * 2) & 3;
}

/* A header of its own length, with the number of objects, then their bits, then check sums. */
static int decode(struct reader *r, struct object_map *out)
{
	uint64_t n, bytes;

	read_skip(r, sizeof(uint32_t));	    /* how long the header is */
	read_skip(r, 2 + sizeof(uint32_t)); /* its versions, and again */
	n = read_u64(r);
	bytes = n / 4 + (n % 4 != 0);
	if (r->bad || bytes > r->left)
		return -EPROTO;
	out->bits = malloc(bytes + 1);
	if (!out->bits)
		return -ENOMEM;
	memcpy(out->bits, r->at, bytes);
	out->n = n;
	return 0;
}

int object_map_load(rados_ioctx_t io, const char *id, struct object_map *out)
{
	cleanup(rados_release_read_op_p) rados_read_op_t op = rados_create_read_op();
	cleanup(rados_buffer_free_p) char *data = NULL;
	_cleanup_free_ char *object = object_of(id);
	struct reader reader = {0};
	int r, result = 0;

	*out = (struct object_map){0};
	if (!object)
		return -ENOMEM;
	rados_read_op_exec(op, "rbd", "object_map_load", NULL, 0, &data, &reader.left, &result);
	r = rados_read_op_operate(op, io, object, 0);
	reader.at = (const uint8_t *)data;
	if (r < 0)
		return r;
	return result < 0 ? result : decode(&reader, out);
}

int object_map_clear(rados_ioctx_t io, const char *id, uint64_t n)
{
	_cleanup_free_ char *object = object_of(id);
	int r = object ? 0 : -ENOMEM;

	for (uint64_t at = 0; r >= 0 && at < n; at += AT_ONCE) {
		struct writer in = {0};

		write_u64(&in, at);
		write_u64(&in, n - at < AT_ONCE ? n : at + AT_ONCE);
		write_u8(&in, 0); /* it does not exist */
		write_u8(&in, 0); /* whatever it was before */
		r = rados_exec(io, object, "rbd", "object_map_update", (const char *)in.data,
			       in.len, NULL, 0);
	}
	return r < 0 ? r : 0;
}
