/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hidden names, and giving an image its name. */
#pragma once

#include <rados/librados.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/spec.h"

struct cluster;

/* The hidden name of OWNER's clone under way that is to become IMAGE; the caller frees it. */
char *name_hidden(const char *image, const char *owner);
/* Make the hidden image appear as NAME, all or nothing. May be called again after it was
 * interrupted. -EEXIST: an image of that name is there. */
int name_publish(rados_ioctx_t io, const char *hidden, const char *name, const char *id);
/* The hidden name that OWNER gives to the image that another takes the place of under the name of
 * IMAGE; the caller frees it. */
char *name_outgoing(const char *image, const char *owner);
bool name_is_outgoing(const char *hidden);
/* The name that a hidden one stands for; the caller frees it, NULL: out of memory, or none. */
char *name_meant(const char *hidden);
/* Make the hidden image NEW_ID appear as NAME in the place of the image OLD_ID, which becomes the
 * outgoing one: at no moment is NAME without an image. May be called again, or completed by
 * name_complete, after it was interrupted. -ESTALE: NAME means another image meanwhile. */
int name_replace(rados_ioctx_t io, const char *hidden, const char *new_id, const char *name,
		 const char *old_id);
/* Complete a publishing of NAME (an image that is there) that was interrupted; fine where there is
 * nothing to do. */
int name_complete(rados_ioctx_t io, const char *name, const char *id);

/* Give the image of SPEC the name NAME in the same pool and namespace. Refused: watchers (-EBUSY,
 * names their addresses); -EEXIST: the name is taken; -ENOENT (not found). Repeated after it was
 * interrupted it completes what was begun. */
int image_rename(struct cluster *c, const struct spec *spec, const char *name, struct err **e);
