/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: what was found when a parent's newest snapshot was last compared with its head, and
 * the state of the image then. As long as the state is the same, nothing was written since. In
 * memory only: forgetting costs a comparison, never a wrong clone. Thread-safe. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What of an image changes with each write that matters; read in one round trip. */
struct proof {
	uint64_t newest_snap;	/* id, of any kind of snapshot; 0: none */
	uint64_t snap_sequence; /* the highest id so far, also of snapshots that are gone */
	uint64_t size_bytes;
	uint64_t flags;	   /* RBD_FLAG_* of head */
	uint64_t features; /* RBD_FEATURE_* */
	/* Version of the object-map object; 0: the image has none, so the state proves nothing. */
	uint64_t map_version;
};
/* Whether it is the same but for what was written into it: snapshots, size, flags, features. */
bool proof_same_shape(const struct proof *a, const struct proof *b);

/* What a clone is made of: a snapshot, and the layout that the child inherits. */
struct base {
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
int base_copy(const struct base *from, struct base *out);
void base_deinit(struct base *b);
#define _cleanup_base_ cleanup(base_deinit)

struct memory {
	pthread_mutex_t lock;
	struct memory_entry *entries; /* the last one used first */
};
void memory_init(struct memory *m);
void memory_deinit(struct memory *m);

/* An image by its names; whether they still mean the same image is for the caller to see. */
struct memory_key {
	int64_t pool_id;
	const char *ns;
	const char *image;
};
/* 1 and *out, a copy: a comparison of this image was remembered, with the state *proof; 0: none. */
int memory_recall(struct memory *m, const struct memory_key *key, struct proof *proof,
		  struct base *out);
/* Nothing is kept where proof->map_version is 0, nor without memory for it. */
void memory_keep(struct memory *m, const struct base *base, const struct proof *proof);
void memory_forget(struct memory *m, const struct memory_key *key);
