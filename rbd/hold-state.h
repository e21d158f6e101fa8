/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: what is written about an image's holds, read and replaced as a whole. */
#pragma once

#include <rados/librados.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/spec.h"
#include "ceph/ioctx.h"

struct hold {
	char *host; /* machine id; "" where what is written there cannot be read */
	char *host_name;
	char *boot_id;
	char *client_address; /* of the mapping, "ip:port/nonce"; "" while it is not known */
	time_t since;
	bool shared;
	/* The client was made by 'rbd map' without noshare: it may have other images, too. */
	bool client_shared;
};

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

void hold_deinit(struct hold *h);
#define _cleanup_hold_ cleanup(hold_deinit)

/* Make TEXT one that a hold can have, in place: what is not printable ASCII becomes '?'. */
void hold_text(char *text);

/* "host web1 (10.0.0.7:0/123) since ..."; the caller frees it; NULL when out of memory. */
char *hold_describe(const struct hold *h);
