/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: what the files about images, snapshots and clones share. */
#pragma once

#include <rbd/features.h>
#include <rbd/librbd.h>

#include "base/deadline.h"
#include "base/spec.h"
#include "base/strlist.h"
#include "ceph/close.h"
#include "ceph/ioctx.h"
#include "rbd/image.h"
#include "rbd/snapshot-cache.h"
#include "rbd/usage.h"

#define NOTE_FROM     "rbdvol.from" /* the parent's spec when the clone was made */
#define NOTE_MADE     "rbdvol.made" /* the image's id: what image_made_set says of this very image */
#define NOTE_WIPE     "rbdvol.wipe" /* a wipe is under way or was interrupted: the size before */
#define NOTE_REPLACED "rbdvol.replaced" /* the image's id: a reset puts another in its place */
#define NOTE_FLATTEN  "rbdvol.flatten"	/* a flatten was begun: the parent's snapshot, by its ids */
#define NOTE_SAME     "rbdvol.same"	/* which snapshot equals head, as snapshot-note.h has it */
#define NOTE_FROM_ID  "rbdvol.from-id"	/* its ids then: POOL-ID/NAMESPACE/IMAGE-ID */

/* Bits that say how an image is or what it is in; no request of anybody's. */
#define FEATURES_STATE                                                                             \
	(RBD_FEATURE_OPERATIONS | RBD_FEATURE_MIGRATING | RBD_FEATURE_NON_PRIMARY |                \
	 RBD_FEATURE_DIRTY_CACHE)
/* WANTED less each feature whose need is not among them. */
uint64_t features_consistent(uint64_t wanted);
/* "61" or "layering,exclusive-lock", as the configuration has them. */
uint64_t features_parse(const char *text);

/* The snapshots of an open image, all kinds. */
struct snapshots {
	rbd_snap_info_t *items;
	int n;
};
int snapshots_list(rbd_image_t image, struct snapshots *out);
void snapshots_deinit(struct snapshots *s);
#define _cleanup_snapshots_ cleanup(snapshots_deinit)
bool snapshot_is_user(rbd_image_t image, uint64_t snap_id);

/* Of an open image: id (empty: format 1), pool, size, features and layout; the rest of *out is left
 * alone. Negative errno; what is filled then is the caller's to free, too. */
int image_layout(struct ioctx *p, rbd_image_t image, struct image_info *out);

/* The parent of an open image. 1 and *out; 0: it has none. */
struct link {
	rbd_linked_image_spec_t image;
	rbd_snap_spec_t snap;
};
int image_link(rbd_image_t image, struct link *out);
void link_deinit(struct link *l);
#define _cleanup_link_ cleanup(link_deinit)

/* An option of Ceph's as it is set for this pool; *out is the caller's to free, NULL: there is no
 * such option. */
int ioctx_conf(struct ioctx *p, const char *option, char **out);

/* Note on image ID what it is cloned from: PARENT, by the snapshot of SOURCE. */
int origin_note(rados_ioctx_t io, const char *id, const struct spec *parent,
		const struct clone_source *source);
/* Whether an open image was cloned from PARENT, in FROM (empty: its pool is gone); a PARENT without
 * a snapshot: from any of its snapshots. Ids decide; a parent that was renamed since is meant by
 * both of its names. *link is the parent that it has now. 1, 0 or negative errno. */
int origin_is(struct ioctx *from, rbd_image_t image, const struct spec *parent, struct link *link);

/* Clone the snapshot that SOURCE names, in FROM, as image NAME in TO, with SOURCE's layout and
 * FEATURES; without a data pool of SOURCE's with the configured one; FORMAT is 1 or 2; *id is the
 * caller's to free. Negative errno; -ESTALE: NAME
 * was made, but of another image or snapshot than SOURCE's ids say, to which its names belong now.
 */
int clone_from_source(struct ioctx *from, const struct clone_source *source, struct ioctx *to,
		      const char *name, uint64_t features, unsigned format, char **id);

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
/* 1: the image ID has a header; 0: it has none. Negative errno. An image that cannot be opened may
 * have one. */
int image_has_header(struct ioctx *p, const char *id);

/* A metadata value; the caller frees it; NULL where there is none. */
char *image_note(rbd_image_t image, const char *key);
/* What an image that is open in P has itself; out->known is false where no object map tells. That
 * is read as it is in the cluster: nobody else may have the image open for writing. */
int image_usage_own(struct ioctx *p, rbd_image_t image, struct usage *out);
/* The place of an open image's data. */
int ioctx_open_data(struct ioctx *p, rbd_image_t image, struct ioctx *out);
/* 0, or -ENOTEMPTY and the snapshots of an open image. */
int image_refuse_snapshots(struct ioctx *p, rbd_image_t image, const char *name, struct err **e);

/* Names under construction. */

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
