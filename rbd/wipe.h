/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image's content erased, its name, size and place kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/spec.h"
#include "ceph/cluster.h"
#include "rbd/usage.h"

enum wipe_algorithm {
	WIPE_TRIM, /* the space goes back */
	WIPE_ZERO, /* zeros are written everywhere: the space stays, or becomes, allocated */
};

struct wipe_options {
	enum wipe_algorithm algorithm;
	bool despite_snapshots; /* they, and their clones, keep the data that they have */
	/* DONE of TOTAL (of no certain unit); may be NULL. From any thread, one at a time.
	 * Negative: the wipe shall end, with that. */
	int (*tell)(void *arg, uint64_t done, uint64_t total);
	void *arg;
	struct usage *before, *after; /* of the image itself, where an object map tells */
};

/* Afterwards every byte of SPEC reads as zero, also where a parent's showed before: a trim leaves
 * no object and nothing of the parent. One that was interrupted left the image partly wiped, maybe
 * of size 0, its size noted in its metadata (image_info's wiping); repeated, it completes that.
 * Refused before anything is changed: snapshots (-ENOTEMPTY), watchers (-EBUSY). Each request to
 * the cluster has its time; all of them together have not. */
int image_wipe(struct cluster *c, const struct spec *spec, const struct wipe_options *options,
	       struct err **e);
