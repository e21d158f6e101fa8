/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else uses a snapshot: asked before one is removed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/spec.h"

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
