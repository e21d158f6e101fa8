/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image in the cluster: looked at, made, deleted, listed. */
#pragma once

#include <rbd/librbd.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"
#include "ceph/cluster.h"
#include "ceph/ioctx.h"
#include "ceph/open.h"

#define SNAP_HEAD                                                                                  \
	UINT64_C(18446744073709551614) /* the kernel's and rados' id of head (CEPH_NOSNAP) */

struct image_info {
	char *id;
	int64_t pool_id;
	uint64_t snap_id; /* SNAP_HEAD for the image itself */
	uint64_t size_bytes;
	uint64_t object_size_bytes;
	uint64_t stripe_unit_bytes;
	uint64_t stripe_count;
	uint64_t features; /* RBD_FEATURE_* bits */
	char *data_pool;   /* NULL: the image's own */
	time_t created;
	unsigned snapshots; /* of the user namespace */
	struct spec parent; /* with snapshot; .image is NULL where there is none */
	bool parent_in_trash;
	uint64_t overlap_bytes;
	bool wiping; /* a wipe is under way or was interrupted: the content is erased in part */
	char *rolling_back; /* a rollback to this snapshot is under way or was interrupted; or NULL
			     */
	char *from; /* the parent's spec as noted when the clone was made (metadata rbdvol.from); or
		      NULL */
};
void image_info_deinit(struct image_info *i);
#define _cleanup_image_info_ cleanup(image_info_deinit)

/* Open SPEC's image in P at its snapshot SNAP, or (NULL) at its head. IMAGE_READ or IMAGE_WRITE. An
 * error as of image_open_fail, and *out is NULL. */
int image_open(struct ioctx *p, const struct spec *spec, const char *snap, enum image_open how,
	       rbd_image_t *out, struct err **e);
/* Say that SPEC's image could not be opened in P: R. -ENOENT (not found) says what is missing,
 * -ESTALE is as of ioctx_missing. Returns the error. */
int image_open_fail(struct ioctx *p, const struct spec *spec, int r, struct err **e);

/* Opens read-only: no watch, no lock. -ENOENT (not found) says which of pool, namespace, image,
 * snapshot is missing. */
int image_info(struct cluster *c, const struct spec *spec, struct image_info *out, struct err **e);

/* A new empty image, as 'rbd create' makes it: features, order, striping and data pool are those of
 * Ceph's configuration for this pool, less the features that are not in FEATURES_ALLOWED:
 * *features_dropped. -EEXIST where the name is taken. */
int image_create(struct cluster *c, const struct spec *spec, uint64_t size_bytes,
		 uint64_t features_allowed, uint64_t *features_dropped, struct err **e);

/* The snapshots of an open image, all kinds. */
struct snapshots {
	rbd_snap_info_t *items;
	int n;
};
int snapshots_list(rbd_image_t image, struct snapshots *out);
void snapshots_deinit(struct snapshots *s);
#define _cleanup_snapshots_ cleanup(snapshots_deinit)
bool snapshot_is_user(rbd_image_t image, uint64_t snap_id);

/* Of an open image: id (empty: format 1), pool, size, features and layout; the rest of *out is left
 * alone. Negative errno; what is filled then is the caller's to free, too. */
int image_layout(struct ioctx *p, rbd_image_t image, struct image_info *out);

/* The parent of an open image. 1 and *out; 0: it has none. */
struct link {
	rbd_linked_image_spec_t image;
	rbd_snap_spec_t snap;
};
int image_link(rbd_image_t image, struct link *out);
void link_deinit(struct link *l);
#define _cleanup_link_ cleanup(link_deinit)

/* 1: the image ID has a header; 0: it has none. Negative errno. An image that cannot be opened may
 * have one. */
int image_has_header(struct ioctx *p, const char *id);

/* A metadata value; the caller frees it; NULL where there is none. */
char *image_note(rbd_image_t image, const char *key);

/* The name of an image's data OBJECT. */
#define OBJECT_NAME_SIZE (RBD_MAX_BLOCK_NAME_SIZE + 20)
void object_name(const rbd_image_info_t *info, uint64_t object, char out[static OBJECT_NAME_SIZE]);

/* The place of an open image's data. */
int ioctx_open_data(struct ioctx *p, rbd_image_t image, struct ioctx *out);
