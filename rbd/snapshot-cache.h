/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: the snapshot that equals a parent's head, and the version of the image at which that
 * was so and nobody had the exclusive lock. As long as the version is the same, nothing was written
 * since. In memory only: forgetting costs a look, never a wrong clone. Thread-safe. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceph/cls.h"
#include "ceph/cluster.h"

/* What a clone is made of: a snapshot, and the layout that the child inherits. */
struct clone_source {
	int64_t pool_id;
	char *ns;
	char *image;
	char *image_id;
	uint64_t snap_id;
	char *snap;
	bool created; /* the snapshot: by this call */
	uint64_t size_bytes;
	uint64_t features;
	int order;
	uint64_t stripe_unit_bytes;
	uint64_t stripe_count;
	char *data_pool; /* NULL: the image's own */
};
int clone_source_copy(const struct clone_source *from, struct clone_source *out);
void clone_source_deinit(struct clone_source *b);
#define _cleanup_clone_source_ cleanup(clone_source_deinit)

struct snapshot_cache {
	pthread_mutex_t lock;
	struct snapshot_cache_entry *entries; /* the last one used first */
};
void snapshot_cache_init(struct snapshot_cache *m);
void snapshot_cache_deinit(struct snapshot_cache *m);

/* An image by its names; whether they still mean the same image is for the caller to see. */
struct snapshot_cache_key {
	int64_t pool_id;
	const char *ns;
	const char *image;
};
/* 1 and *out, a copy: a comparison of this image was remembered, with the state *version; 0: none.
 */
int snapshot_cache_recall(struct snapshot_cache *m, const struct snapshot_cache_key *key,
			  struct image_version *version, struct clone_source *out);
/* Nothing is kept where version->map_version is 0, nor without memory for it. */
void snapshot_cache_keep(struct snapshot_cache *m, const struct clone_source *source,
			 const struct image_version *version);
void snapshot_cache_forget(struct snapshot_cache *m, const struct snapshot_cache_key *key);
/* That of C; as long as the cluster. NULL when out of memory. */
struct snapshot_cache *snapshot_cache_of(struct cluster *c);
