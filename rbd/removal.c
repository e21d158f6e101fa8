/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/removal.h"
#include "ceph/close.h"
#include "rbd/delete.h"
#include "rbd/image.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/cls-trash.h"
#include "ceph/cls.h"
#include "rbd/errors.h"
#include "rbd/watchers.h"

/* --- one image --- */

/* Open the image ID, and who has it open. 1: it has no header. */
static int removal_look_at(struct ioctx *p, const char *id, rbd_image_t *image,
			   struct watchers *out)
{
	int r = image_open_at(p, id, NULL, IMAGE_ID_READ, image);

	if (r < 0)
		return r == -ENOENT ? 1 : r;
	return watchers_list(p, *image, out);
}

/* 0: nothing keeps the image from being removed; 1: it has no header; -EBUSY, -ENOTEMPTY. */
static int check_idle(struct ioctx *p, const char *id)
{
	_cleanup_watchers_ struct watchers watchers = {0};
	_cleanup_snapshots_ struct snapshots snaps = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r = removal_look_at(p, id, &image, &watchers);

	if (!r)
		r = snapshots_list(image, &snaps);
	if (r)
		return r;
	if (watchers.n)
		return -EBUSY;
	return snaps.n ? -ENOTEMPTY : 0;
}

/* Of an image without a header. */
static int remove_names(struct ioctx *p, const char *name, const char *id)
{
	int r = cls_name_remove_of(p->io, name, id);

	if (!r || r == -ENOENT)
		r = cls_directory_remove(p->io, name, id);
	return r == -ENOENT ? 0 : r;
}

/* An entry in the trash is there already. 0: of an earlier attempt to remove the image, maybe under
 * another name. */
static int check_entry(struct ioctx *p, const char *id)
{
	_cleanup_trash_entry_ struct trash_entry entry = {0};
	int r = cls_trash_get(p->io, id, &entry);

	if (r < 0)
		return r;
	return entry.to_remove && entry.state != TRASH_RESTORING ? 0 : -EBUSY;
}

/* NAME means another image meanwhile. Only of an image that is listed is it known that nobody else
 * relies on the entry in the trash. */
static int forget_entry(struct ioctx *p, const char *id)
{
	_cleanup_free_ char *listed = NULL;

	if (!cls_directory_name(p->io, id, &listed))
		cls_trash_forget(p->io, id);
	return -ESTALE;
}

/* Into the trash. */
static int take_out(struct ioctx *p, const char *name, const char *id)
{
	int r = cls_trash_add(p->io, id, name);

	if (r == -EEXIST)
		r = check_entry(p, id);
	if (r < 0)
		return r;
	FAILPOINT("remove.noted");
	r = cls_name_remove_of(p->io, name, id);
	if (r == -ESTALE || r == -ENOENT)
		return forget_entry(p, id);
	FAILPOINT("remove.unnamed");
	if (!r)
		r = cls_directory_remove(p->io, name, id);
	FAILPOINT("remove.unlisted");
	if (!r || r == -ENOENT)
		r = cls_trash_set_state(p->io, id, TRASH_MOVING, TRASH_NORMAL);
	return r == -ESTALE ? 0 : r; /* it has that state already */
}

/* Out of the trash, under NAME again. Until the entry is gone the image has its name, so that
 * nobody takes it for one to be removed. */
static void put_back(struct ioctx *p, const char *name, const char *id)
{
	int r = cls_name_create(p->io, name, id);

	if (!r)
		r = cls_directory_add(p->io, name, id);
	if (!r)
		cls_trash_forget(p->io, id);
}

/* The image ID, which is in the trash. Its parent's snapshot goes first, if that is possible: so
 * who goes on after a crash still knows of it. */
static int remove_for_good(struct ioctx *p, const char *id, struct drop *drop)
{
	_cleanup_link_ struct link link = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r;

	if (drop && !image_open_at(p, id, NULL, IMAGE_ID_READ, &image) &&
	    image_link(image, &link) < 0)
		link = (struct link){0};
	if (link.image.image_id && !drop->dropped)
		drop->dropped = parent_snapshot_drop_early(p->session, &link, drop->guard);
	FAILPOINT("remove.dropped");
	r = rbd_trash_remove(p->io, id, true);
	FAILPOINT("remove.removed");
	if (r < 0)
		return r;
	if (link.image.image_id && !drop->dropped)
		drop->dropped = parent_snapshot_drop(p->session, &link, drop->guard);
	return 0;
}

int image_remove(struct ioctx *p, const char *name, const char *id, struct drop *drop)
{
	int r = check_idle(p, id);

	if (r > 0)
		return remove_names(p, name, id);
	if (!r)
		r = take_out(p, name, id);
	if (r < 0)
		return r;
	FAILPOINT("remove.trashed");
	r = check_idle(p, id); /* who opened it while it had its name */
	if (r >= 0)
		r = remove_for_good(p, id, drop);
	if ((r == -EBUSY || r == -ENOTEMPTY || r == -EMLINK) && !(drop && drop->dropped))
		put_back(p, name, id);
	return r == -ENOENT ? 0 : r; /* another finished it */
}

/* --- those that were interrupted --- */

/* What cls_removals says, where one that was never a trash is an empty one. */
static int removals_get(struct ioctx *p, struct strlist *ids, struct strlist *names)
{
	int r = cls_removals(p->io, ids, names);

	return r == -ENOENT ? 0 : r;
}

/* 1: the image, which the trash has as NAME, has that name still or another one, so that people may
 * use it: its removal was interrupted at the very beginning, or it was put back. */
static int has_name(struct ioctx *p, const char *name, const char *id)
{
	_cleanup_free_ char *meant = NULL, *listed = NULL;
	int r = cls_image_id(p->io, name, &meant);

	if (!r && !strcmp(meant, id))
		return 1;
	if (!r || r == -ENOENT)
		r = cls_directory_name(p->io, id, &listed);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : strcmp(listed, name) != 0;
}

/* 1: somebody is at the image ID, or was a moment ago; 0: nobody, or it has no header any more. */
static int is_watched(struct ioctx *p, const char *id)
{
	_cleanup_watchers_ struct watchers watchers = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r = removal_look_at(p, id, &image, &watchers);

	return r < 0 ? r : watchers.n > 0;
}

int removals_list(struct ioctx *p, struct strlist *names)
{
	_cleanup_strlist_ struct strlist ids = {0}, all = {0};
	int r = removals_get(p, &ids, &all);

	for (size_t i = 0; !r && i < all.n; i++) {
		if (strlist_has(names, all.items[i]))
			continue;
		r = has_name(p, all.items[i], ids.items[i]);
		if (!r)
			r = is_watched(p, ids.items[i]);
		if (!r)
			r = strlist_add(names, "%s", all.items[i]);
		else if (r > 0)
			r = 0;
	}
	return r;
}

/* One that was interrupted on its way into the trash goes the rest of it first. */
static int remove_again(struct ioctx *p, const char *image, const char *id, struct drop *drop)
{
	int r = cls_directory_remove(p->io, image, id);

	/* ESTALE: the name is another's meanwhile. */
	if (!r || r == -ENOENT || r == -ESTALE)
		r = cls_trash_set_state(p->io, id, TRASH_MOVING, TRASH_NORMAL);
	if (!r || r == -ESTALE)
		r = remove_for_good(p, id, drop);
	return r == -ENOENT ? 0 : r;
}

/* 1: done; 0: it is none of them. */
static int finish_one(struct ioctx *p, const char *image, const char *id, const char *name,
		      struct drop *drop, struct err **e)
{
	int r = has_name(p, image, id);

	if (r > 0)
		return 0;
	if (!r && watchers_refuse_id(p, id, name, e) < 0)
		return (*e)->code;
	if (!r)
		r = remove_again(p, image, id, drop);
	return r < 0 ? image_fail(p, CALL_REMOVE, NULL, 0, r, e, "remove what is left of '%s'",
				  name)
		     : 1;
}

int removals_finish(struct ioctx *p, const char *image, const char *name, struct drop *drop,
		    struct err **e)
{
	_cleanup_strlist_ struct strlist ids = {0}, names = {0};
	int n = 0, r = removals_get(p, &ids, &names);

	if (r < 0)
		return image_fail(p, CALL_LOOK, image, 0, r, e, "look for what is left of '%s'",
				  name);
	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.items[i], image))
			continue;
		r = finish_one(p, image, ids.items[i], name, drop, e);
		if (r < 0)
			return r;
		n += r;
	}
	return n;
}
