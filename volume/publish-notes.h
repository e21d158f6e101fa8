/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is noted in the cluster on a volume that is published. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/spec.h"

struct host;

/* A note on the volume in the cluster; as image_note_get and image_note_set. */
int publish_note_get(struct host *h, const struct spec *spec, const char *key, char **out,
		     struct err **e);
int publish_note_set(struct host *h, const struct spec *spec, const char *key, const char *value,
		     struct err **e);

/* Note whether the volume was made for who asks, and is his to delete; as image_made_set and
 * image_made_get. */
int publish_made_set(struct host *h, const struct spec *spec, bool made, struct err **e);
int publish_made_get(struct host *h, const struct spec *spec, struct err **e);

/* 1: another host holds the volume for writing, and *out_host (the caller frees it) is its name; 0:
 * none does. */
int publish_other_writer(struct host *h, const struct spec *spec, char **out_host, struct err **e);

/* The room that is left for new volumes in POOL; as cluster_available. */
int publish_capacity(struct host *h, const char *pool, uint64_t *out_bytes, struct err **e);
