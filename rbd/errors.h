/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an error of librbd means: that depends on the call and on the image. Internal to rbd/. */
#pragma once

#include "base/err.h"
#include "ceph/ioctx.h"

/* What may be so of image or pool, as bits. */
enum state {
	STATE_SECONDARY = 1,  /* the image is mirrored, and another cluster's is the primary one */
	STATE_MIGRATING = 2,  /* 'rbd migration' was prepared */
	STATE_SNAP_LIMIT = 4, /* 'rbd snap limit' is reached */
	STATE_POOL_SNAPS = 8, /* the pool has snapshots of its own */
	STATE_TOO_LARGE = 16, /* what was asked for has more objects than an object map */
	STATE_GROUPED = 32,   /* the image is a member of a group */
	STATE_NO_PARENT = 64, /* it has no parent */
};

enum call {
	CALL_ANY,
	CALL_LIST, /* the images and namespaces of a pool */
	CALL_LOOK, /* what is noted of an image, by librbd or the OSDs' class */
	CALL_OPEN,
	CALL_CREATE,
	CALL_PARENT, /* look for a snapshot to clone, or take one */
	CALL_CLONE,
	CALL_RESIZE,
	CALL_SNAPSHOT,
	CALL_SNAP_REMOVE,
	CALL_FLATTEN,
	CALL_SPARSIFY,
	CALL_WIPE,
	CALL_RESET,
	CALL_ROLLBACK,
	CALL_RENAME,
	CALL_REMOVE,
	CALL_NOTE,     /* metadata */
	CALL_HOLD,     /* rados lock and attributes of the header */
	CALL_LOCK,     /* who has the exclusive lock */
	CALL_WATCHERS, /* who has it open */
};

/* Make the error of CALL, which returned R, for IMAGE of P; where it may matter, look at the state
 * of image and pool. IMAGE: NULL where its name is not at hand. SIZE_BYTES is what was asked for,
 * or 0. Returns r. */
int image_fail(struct ioctx *p, enum call call, const char *image, uint64_t size_bytes, int r,
	       struct err **e, const char *fmt, ...) _printf_(7, 8);
/* The same of SPEC's image; but -ENOENT says what of pool, namespace, image and snapshot is
 * missing, as ioctx_missing has it. */
int image_fail_or_missing(struct ioctx *p, enum call call, const struct spec *spec, int r,
			  struct err **e, const char *fmt, ...) _printf_(6, 7);
