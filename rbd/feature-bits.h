/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Feature bits of an image. */
#pragma once

#include <rbd/features.h>
#include <stdbool.h>
#include <stdint.h>

/* "layering,exclusive-lock": the caller frees it; NULL when out of memory. */
char *image_features_format(uint64_t features);
bool image_is_migrating(uint64_t features);
bool image_is_non_primary(uint64_t features);
/* Those that a client must know to read an image with FEATURES; while it migrates, also that. */
uint64_t image_features_to_read(uint64_t features);
/* Whether 'rbd feature disable' takes them all. */
bool image_features_removable(uint64_t bits);

/* Bits that say how an image is or what it is in; no request of anybody's. */
#define FEATURES_STATE                                                                             \
	(RBD_FEATURE_OPERATIONS | RBD_FEATURE_MIGRATING | RBD_FEATURE_NON_PRIMARY |                \
	 RBD_FEATURE_DIRTY_CACHE)
/* WANTED less each feature whose need is not among them. */
uint64_t features_consistent(uint64_t wanted);
/* "61" or "layering,exclusive-lock", as the configuration has them. */
uint64_t features_parse(const char *text);
