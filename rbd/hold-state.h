/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: what is written about an image's holds, read and replaced as a whole. */
#pragma once

#include "ceph/ioctx.h"
#include "rbd/hold.h"

struct hold_state {
	char *bytes; /* as they stand in the cluster; NULL: nothing does */
	size_t len;
	struct hold *items;
	size_t n;
};
void hold_state_deinit(struct hold_state *s);
#define _cleanup_hold_state_ cleanup(hold_state_deinit)

/* The object that holds are written on, of SPEC's image or of one by its id; the caller frees it.
 */
int hold_object(struct ioctx *p, const struct spec *spec, char **out, struct err **e);
int hold_object_of(const char *image_id, char **out, struct err **e);
/* Negative errno. Text of another format is one hold of an unknown owner. */
int hold_state_read(rados_ioctx_t io, const char *object, struct hold_state *out);
/* The same from bytes, which are taken. */
int hold_state_parse(char *bytes, size_t len, struct hold_state *out);
/* ITEMS, N of them, as such bytes; the caller frees it; NULL when out of memory. */
char *hold_state_format(const struct hold *const items[], size_t n);
/* Write ITEMS, N of them, in place of what was READ. 1: it is not what stands there any more. */
int hold_state_replace(rados_ioctx_t io, const char *object, const struct hold_state *read,
		       const struct hold *const items[], size_t n);
