/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deletion of an image, and of the parent's snapshot that it needed. */
#pragma once

#include <rbd/librbd.h>

#include "base/err.h"
#include "base/spec.h"
#include "ceph/ioctx.h"
#include "ceph/session.h"
#include "rbd/guard.h"
#include "rbd/image.h"

/* Delete an image without snapshots. An image that does not exist any more is -ENOENT. Refused,
 * each with its reason: watchers (-EBUSY, names their addresses), snapshots (-ENOTEMPTY, names
 * them), names that another client is changing (-EBUSY). A snapshot of ours on the parent that no
 * child uses any more goes too, if GUARD (NULL: nobody asks) lets it; *out_parent_snapshot tells
 * its spec (the caller frees it) or is NULL. Repeated after a crash it completes what was begun. */
int image_delete(struct cluster *c, const struct spec *spec, const struct snapshot_guard *guard,
		 char **out_parent_snapshot, struct err **e);

/* How many images are cloned from the snapshot that IMAGE is open at: 0, 1, or 2 for more than one
 * and for what is not known. */
unsigned snapshot_children(rbd_image_t image);

/* A snapshot of ours, of which LINK's image is a child, goes when no other needs it and GUARD lets
 * it; the caller frees its spec. NULL: it stays, which is not an error (no right to remove it,
 * another clone made meanwhile, in use).
 *
 * The first is for a child that is in the trash to be removed: a snapshot without protection may be
 * removed while it has its last child, and Ceph keeps its content for as long as that lives. Done
 * before the child goes, a crash in between leaves nothing behind that the repetition would not
 * find. The child cannot be reset any more: so never while it may stay. The second is for
 * afterwards, and where that was not possible (a protected one, of clone format 1). */
char *parent_snapshot_drop_early(struct session *s, const struct link *link,
				 const struct snapshot_guard *guard);
char *parent_snapshot_drop(struct session *s, const struct link *link,
			   const struct snapshot_guard *guard);
/* The same as the second, of what parent_snapshot_note has of a link in words; the caller frees it.
 */
char *parent_snapshot_note(const struct link *link);
char *parent_snapshot_drop_noted(struct session *s, const char *note,
				 const struct snapshot_guard *guard);

/* 0, or -ENOTEMPTY and the snapshots of an open image. */
int image_refuse_snapshots(struct ioctx *p, rbd_image_t image, const char *name, struct err **e);
