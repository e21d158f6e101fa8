/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images of a pool, or of all. */
#pragma once

#include "base/err.h"
#include "base/strlist.h"

struct cluster;

/* Specs ("pool/ns/image") of all images of POOL, its namespaces included, or of POOL/NAMESPACE, the
 * hidden ones left out; POOL NULL: of each pool that has the application rbd, or images or
 * namespaces without it. The names of those that this user may not list are added to *unlisted,
 * which may be NULL. */
int image_list(struct cluster *c, const char *pool, struct strlist *out, struct strlist *unlisted,
	       struct err **e);
/* The same of the hidden ones alone: clones under way, or what is left of them. */
int image_list_hidden(struct cluster *c, const char *pool, struct strlist *out, struct err **e);
/* The names of images whose removal was interrupted; other images may have these names already. */
int image_list_removals(struct cluster *c, const char *pool, struct strlist *out, struct err **e);
