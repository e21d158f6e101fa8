/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Features of images: their names, and which need which. */
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rbd/feature-bits.h"

static const struct {
	uint64_t bit;
	const char *name;
	uint64_t needs;
} features[] = {
	{RBD_FEATURE_LAYERING, RBD_FEATURE_NAME_LAYERING, 0},
	{RBD_FEATURE_STRIPINGV2, RBD_FEATURE_NAME_STRIPINGV2, 0},
	{RBD_FEATURE_EXCLUSIVE_LOCK, RBD_FEATURE_NAME_EXCLUSIVE_LOCK, 0},
	{RBD_FEATURE_OBJECT_MAP, RBD_FEATURE_NAME_OBJECT_MAP, RBD_FEATURE_EXCLUSIVE_LOCK},
	{RBD_FEATURE_FAST_DIFF, RBD_FEATURE_NAME_FAST_DIFF, RBD_FEATURE_OBJECT_MAP},
	{RBD_FEATURE_DEEP_FLATTEN, RBD_FEATURE_NAME_DEEP_FLATTEN, 0},
	{RBD_FEATURE_JOURNALING, RBD_FEATURE_NAME_JOURNALING, RBD_FEATURE_EXCLUSIVE_LOCK},
	{RBD_FEATURE_DATA_POOL, RBD_FEATURE_NAME_DATA_POOL, 0},
	{RBD_FEATURE_OPERATIONS, RBD_FEATURE_NAME_OPERATIONS, 0},
	{RBD_FEATURE_MIGRATING, RBD_FEATURE_NAME_MIGRATING, 0},
	{RBD_FEATURE_NON_PRIMARY, RBD_FEATURE_NAME_NON_PRIMARY, 0},
	{RBD_FEATURE_DIRTY_CACHE, RBD_FEATURE_NAME_DIRTY_CACHE, 0},
};

uint64_t features_consistent(uint64_t wanted)
{
	/* A need stands before what needs it, so one pass will do. */
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if ((wanted & features[i].needs) != features[i].needs)
			wanted &= ~features[i].bit;
	return wanted;
}

uint64_t features_parse(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *save = NULL, *end;
	uint64_t bits = strtoull(text, &end, 10);

	if (end != text && !*end)
		return bits;
	bits = 0;
	if (!copy)
		return 0;
	for (char *w = strtok_r(copy, ", ", &save); w; w = strtok_r(NULL, ", ", &save))
		for (size_t i = 0; i < ARRAY_SIZE(features); i++)
			if (!strcmp(features[i].name, w))
				bits |= features[i].bit;
	return bits;
}

char *image_features_format(uint64_t bits)
{
	struct text out;
	FILE *f = text_begin(&out);
	const char *comma = "";

	if (!f)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		if (!(bits & features[i].bit))
			continue;
		fprintf(f, "%s%s", comma, features[i].name);
		comma = ",";
		bits &= ~features[i].bit;
	}
	if (bits)
		fprintf(f, "%s0x%llx", comma, (unsigned long long)bits);
	return text_end(f, &out);
}

bool image_is_migrating(uint64_t bits)
{
	return bits & RBD_FEATURE_MIGRATING;
}

bool image_is_non_primary(uint64_t bits)
{
	return bits & RBD_FEATURE_NON_PRIMARY;
}

uint64_t image_features_to_read(uint64_t bits)
{
	return bits & (RBD_FEATURES_INCOMPATIBLE | RBD_FEATURE_MIGRATING);
}

bool image_features_removable(uint64_t bits)
{
	return !(bits &
		 ~(RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF |
		   RBD_FEATURE_DEEP_FLATTEN | RBD_FEATURE_JOURNALING));
}
