/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image in the cluster: looked at, made, deleted, listed. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/deadline.h"
#include "base/spec.h"
#include "base/strlist.h"
#include "ceph/cluster.h"

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
	char *from; /* the parent's spec as noted when the clone was made (metadata rbdvol.from); or
		      NULL */
};
void image_info_deinit(struct image_info *i);
#define _cleanup_image_info_ cleanup(image_info_deinit)

/* Opens read-only: no watch, no lock. -ENOENT (not found) says which of pool, namespace, image,
 * snapshot is missing. */
int image_info(struct cluster *c, const struct spec *spec, struct image_info *out, struct err **e);

/* A new empty image, as 'rbd create' makes it: features, order, striping and data pool are those of
 * Ceph's configuration for this pool, less the features that are not in FEATURES_ALLOWED:
 * *features_dropped. -EEXIST where the name is taken. */
int image_create(struct cluster *c, const struct spec *spec, uint64_t size_bytes,
		 uint64_t features_allowed, uint64_t *features_dropped, struct err **e);

/* An option of Ceph's, such as "rbd_default_map_options", as it is set for this image: by 'rbd
 * config image', 'rbd config pool', the monitors or ceph.conf. The caller frees *out; NULL: there
 * is no such option. -ENOENT (not found): no such image. */
int image_conf(struct cluster *c, const struct spec *spec, const char *option, char **out,
	       struct err **e);

/* A mapping for reading leaves no trace in the cluster, so what is to be removed of an image's
 * snapshots is asked about here first. */
struct snapshot_ref {
	struct spec spec; /* with the snapshot */
	int64_t pool_id;
	const char *image_id;
	uint64_t snap_id;
};
struct snapshot_guard {
	/* False: it is in use, and stays. True: nobody can begin to use it until leave. */
	bool (*enter)(void *arg, const struct snapshot_ref *s);
	void (*leave)(void *arg);
	void *arg;
};

/* Delete an image without snapshots. An image that does not exist any more is -ENOENT. Refused,
 * each with its reason: watchers (-EBUSY, names their addresses), snapshots (-ENOTEMPTY, names
 * them), names that another client is changing (-EBUSY). A snapshot of ours on the parent that no
 * child uses any more goes too, if GUARD (NULL: nobody asks) lets it; *out_parent_snapshot tells
 * its spec (the caller frees it) or is NULL. Repeated after a crash it completes what was begun. */
int image_delete(struct cluster *c, const struct spec *spec, const struct snapshot_guard *guard,
		 char **out_parent_snapshot, struct err **e);

/* What a clone has of its own goes, and what is read is its parent's snapshot again: at once, all
 * or nothing, under the same name, of the same size, layout, features and metadata. The image is
 * another one afterwards, with an id of its own. OWNER as for clone_create. Repeated after it was
 * interrupted it completes what was begun, and does it anew. Refused before anything is changed: no
 * clone (-EINVAL), snapshots (-ENOTEMPTY), watchers (-EBUSY), members of a group or of mirroring
 * and clones whose parent's snapshot is in the trash (-EOPNOTSUPP). */
int image_reset(struct cluster *c, const struct spec *spec, const char *owner,
		struct deadline deadline, struct err **e);

/* Specs ("pool/ns/image") of all images of POOL, its namespaces included, the hidden ones left out;
 * POOL NULL: of each pool that has the application rbd, or images or namespaces without it. */
int image_list(struct cluster *c, const char *pool, struct strlist *out, struct err **e);
/* The same of the hidden ones alone: clones under way, or what is left of them. */
int image_list_hidden(struct cluster *c, const char *pool, struct strlist *out, struct err **e);
/* The names of images whose removal was interrupted; other images may have these names already. */
int image_list_removals(struct cluster *c, const char *pool, struct strlist *out, struct err **e);

/* What is noted on the image (metadata KEY, which begins with "rbdvol."). 1 and *out (the caller
 * frees it), or 0: there is no such note. -ENOENT (not found): no such image. */
int image_note_get(struct cluster *c, const struct spec *spec, const char *key, char **out,
		   struct err **e);
/* At most 4 KiB. */
int image_note_set(struct cluster *c, const struct spec *spec, const char *key, const char *value,
		   struct err **e);

/* Note whether the image that SPEC now names was made for who asks: no clone of it inherits that,
 * nor what later gets its name. */
int image_made_set(struct cluster *c, const struct spec *spec, bool made, struct err **e);
/* 1: it was; 0: not. */
int image_made_get(struct cluster *c, const struct spec *spec, struct err **e);

/* "layering,exclusive-lock": the caller frees it; NULL when out of memory. */
char *image_features_format(uint64_t features);
bool image_is_migrating(uint64_t features);
bool image_is_non_primary(uint64_t features);
/* Those that a client must know to read an image with FEATURES; while it migrates, also that. */
uint64_t image_features_to_read(uint64_t features);
/* Whether 'rbd feature disable' takes them all. */
bool image_features_removable(uint64_t bits);
