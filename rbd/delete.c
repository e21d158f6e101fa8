/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deleting an image, and the snapshot of ours that it was the last child of. */
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/cls.h"
#include "rbd/image-internal.h"
#include "rbd/image.h"
#include "rbd/removal.h"
#include "rbd/snapshot-name.h"
#include "rbd/watchers.h"

#define NAMED_MAX 5 /* in a message; of more, the number */

int image_refuse_snapshots(struct ioctx *p, rbd_image_t image, const char *name, struct err **e)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	_cleanup_strlist_ struct strlist names = {0};
	_cleanup_free_ char *list = NULL;
	int r = snapshots_list(image, &snaps);

	if (r < 0)
		return session_fail(p->session, r, e, "list the snapshots of '%s'", name);
	if (!snaps.n)
		return 0;
	for (int i = 0; i < snaps.n; i++)
		if (snapshot_is_user(image, snaps.items[i].id) &&
		    strlist_add(&names, "%s", snaps.items[i].name) < 0)
			return err_oom(e);
	list = strlist_join(&names, ", ", NAMED_MAX);
	if (!names.n) {
		err_set(e, ERR_BUSY, -ENOTEMPTY,
			"image '%s' has snapshots kept for clones, a group or mirroring", name);
		return err_hint(e, "see 'rbd snap ls --all %s'", name);
	}
	err_set(e, ERR_BUSY, -ENOTEMPTY, "image '%s' has %zu snapshot%s: %s", name, names.n,
		names.n > 1 ? "s" : "", list);
	return err_hint(e,
			"see what depends on them with 'rbd children %s'; remove them with 'rbd "
			"snap rm'",
			name);
}

/* 0 and *image open (NULL: only remains of an image are there), -ENOENT without an error, or why
 * not to delete it. */
static int examine(struct ioctx *p, const struct spec *spec, const char *name, rbd_image_t *image,
		   struct err **e)
{
	_cleanup_free_ char *id = NULL, *listed = NULL;
	int r = cls_image_id(p->io, spec->image, &id);

	if (!r)
		r = name_complete(p->io, spec->image, id);
	if (r < 0 && r != -ENOENT)
		return session_fail(p->session, r, e, "look for image '%s'", name);
	r = rbd_open_read_only(p->io, spec->image, image, NULL);
	if (r < 0)
		*image = NULL;
	if (r == -ENOENT && !id && cls_directory_id(p->io, spec->image, &listed) < 0)
		return -ENOENT;
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return session_fail(p->session, r, e, "open image '%s'", name);
	r = image_refuse_snapshots(p, *image, name, e);
	return r < 0 ? r : watchers_refuse(p, *image, name, deadline_in(WATCHERS_PATIENCE_US), e);
}

unsigned snapshot_children(rbd_image_t image)
{
	rbd_linked_image_spec_t child;
	size_t n = 1;
	int r = rbd_list_children3(image, &child, &n);

	if (r < 0)
		return 2;
	if (n)
		rbd_linked_image_spec_list_cleanup(&child, n);
	return n ? 1 : 0;
}

/* The parent's snapshot, if it is one of ours that has no more than CHILDREN_MAX children: *p and
 * *image, the parent open for writing, *protected. */
static bool open_droppable(struct session *session, const struct link *link, unsigned children_max,
			   struct ioctx *p, rbd_image_t *image, int *protected)
{
	_cleanup_image_ rbd_image_t at = NULL;

	if (link->image.trash || link->snap.namespace_type != RBD_SNAP_NAMESPACE_TYPE_USER ||
	    !snapshot_name_is_ours(link->snap.name, link->image.image_id) ||
	    ioctx_open_id(session, link->image.pool_id, link->image.pool_namespace, p) < 0)
		return false;
	if (rbd_open_by_id_read_only(p->io, link->image.image_id, &at, link->snap.name) < 0) {
		at = NULL;
		return false;
	}
	if (snapshot_children(at) > children_max)
		return false;
	if (rbd_open_by_id(p->io, link->image.image_id, image, NULL) < 0) {
		*image = NULL;
		return false;
	}
	return !rbd_snap_is_protected(*image, link->snap.name, protected);
}

static char *format_link(const struct link *link)
{
	const struct spec spec = {link->image.pool_name, link->image.pool_namespace,
				  link->image.image_name, link->snap.name};

	return spec_format(&spec);
}

char *parent_snapshot_drop_early(struct session *session, const struct link *link)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_writable_image_ rbd_image_t image = NULL;
	int protected = 0;

	if (!open_droppable(session, link, 1, &p, &image, &protected) || protected)
		return NULL;
	return rbd_snap_remove(image, link->snap.name) < 0 ? NULL : format_link(link);
}

char *parent_snapshot_drop(struct session *session, const struct link *link)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_writable_image_ rbd_image_t image = NULL;
	int protected = 0;

	if (!open_droppable(session, link, 0, &p, &image, &protected))
		return NULL;
	if (protected && rbd_snap_unprotect(image, link->snap.name) < 0)
		return NULL;
	FAILPOINT("drop.unprotected");
	return rbd_snap_remove(image, link->snap.name) < 0 ? NULL : format_link(link);
}

/* By librbd. OPENED: the image could be opened before. */
static int remove_image(struct ioctx *p, const struct spec *spec, bool opened, const char *name,
			struct err **e)
{
	int r = rbd_remove(p->io, spec->image);

	FAILPOINT("delete.removed");
	if (r == -ENOENT && !opened)
		r = 0;
	/* That is also what librbd says where there is no room for the pool's list of what is being
	 * deleted. */
	if (r == -ENOENT) {
		int room = session_check_room(p->session, p->pool_id);

		r = room < 0 ? room : r;
	}
	if (r == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, r, "no image '%s'", name);
	return r < 0 ? session_fail(p->session, r, e, "delete image '%s'", name) : 0;
}

/* No image has the name, but one that had it may be deleted in part. */
static int finish_deleted(struct ioctx *p, const struct spec *spec, const char *name,
			  struct err **e)
{
	int n = removals_finish(p, spec->image, name, e);

	return n > 0 ? 0 : n < 0 ? n : ioctx_missing(p, spec, e);
}

int image_delete(struct cluster *c, const struct spec *spec, char **out_parent_snapshot,
		 struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_link_ struct link link = {0};
	_cleanup_free_ char *name = spec_format(spec), *dropped = NULL;
	rbd_image_t image = NULL;
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	*out_parent_snapshot = NULL;
	if (r < 0)
		return r;
	r = examine(&p, spec, name, &image, e);
	if (image) {
		if (!r && image_link(image, &link) < 0)
			link = (struct link){0};
		image_close_later(image);
	}
	if (r == -ENOENT && !*e)
		return finish_deleted(&p, spec, name, e);
	if (r < 0)
		return r;
	if (link.image.image_id)
		dropped = parent_snapshot_drop_early(p.session, &link);
	FAILPOINT("delete.dropped");
	r = remove_image(&p, spec, image, name, e);
	if (r < 0)
		return r;
	if (link.image.image_id && !dropped)
		dropped = parent_snapshot_drop(p.session, &link);
	*out_parent_snapshot = steal(&dropped);
	r = removals_finish(&p, spec->image, name, e); /* of images that had this name before */
	return r < 0 ? r : 0;
}
