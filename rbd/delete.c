/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deleting an image, and the snapshot of ours that it was the last child of. */
#include <errno.h>
#include <rbd/features.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/str.h"
#include "ceph/close.h"
#include "ceph/cls-trash.h"
#include "ceph/cls.h"
#include "ceph/monitors.h"
#include "rbd/delete.h"
#include "rbd/errors.h"
#include "rbd/guard.h"
#include "rbd/image.h"
#include "rbd/name.h"
#include "rbd/removal.h"
#include "rbd/snapshot-name.h"
#include "rbd/watchers.h"

#define NAMED_MAX 5 /* in a message; of more, the number */

static bool is_protected(rbd_image_t image, const char *snap)
{
	int yes = 0;

	return rbd_snap_is_protected(image, snap, &yes) >= 0 && yes;
}

int image_refuse_snapshots(struct ioctx *p, rbd_image_t image, const char *name, struct err **e)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	_cleanup_strlist_ struct strlist names = {0};
	_cleanup_free_ char *list = NULL;
	int r = snapshots_list(image, &snaps);
	bool any_protected = false;

	if (r < 0)
		return image_fail(p, CALL_LOOK, NULL, 0, r, e, "list the snapshots of '%s'", name);
	if (!snaps.n)
		return 0;
	for (int i = 0; i < snaps.n; i++) {
		if (!snapshot_is_user(image, snaps.items[i].id))
			continue;
		if (strlist_add(&names, "%s", snaps.items[i].name) < 0)
			return err_oom(e);
		any_protected |= is_protected(image, snaps.items[i].name);
	}
	list = strlist_join(&names, ", ", NAMED_MAX);
	if (!names.n) {
		err_set(e, ERR_BUSY, -ENOTEMPTY,
			"image '%s' has snapshots kept for clones, a group or mirroring", name);
		return err_hint(e, "see 'rbd snap ls --all %s'; 'rbdvol tree %s' names the clones",
				name, name);
	}
	err_set(e, ERR_BUSY, -ENOTEMPTY, "image '%s' has %zu snapshot%s: %s", name, names.n,
		names.n > 1 ? "s" : "", list);
	return err_hint(e,
			"'rbdvol tree %s' shows what depends on them; %s'rbdvol delete %s@SNAP' "
			"removes one",
			name, any_protected ? "after 'rbd snap unprotect', " : "", name);
}

/* What is to be deleted. */
struct deletion {
	struct ioctx *p;
	const struct spec *spec;
	const char *name;  /* for words */
	char *id;	   /* NULL: of format 1, or there is none */
	rbd_image_t image; /* NULL: there is a name, but no header */
};

static void deletion_deinit(struct deletion *d)
{
	free(d->id);
	if (d->image)
		image_close_later(d->image);
}
#define _cleanup_deletion_ cleanup(deletion_deinit)

static int fail_look(const struct deletion *d, int r, struct err **e)
{
	return image_fail(d->p, CALL_LOOK, d->spec->image, 0, r, e, "look for image '%s'", d->name);
}

/* 'rbd trash mv', 'rbd trash restore' and 'rbd migration' change the names of an image one after
 * the other; in between it looks like one that is being removed. */
static int refuse_on_its_way(const struct deletion *d, struct err **e)
{
	err_set(e, ERR_BUSY, -EBUSY,
		"image '%s' is being moved to the trash or back, or that was interrupted", d->name);
	return err_hint(e,
			"complete it with 'rbd trash mv %s' or 'rbd trash restore'; see "
			"'rbd trash ls --all'",
			d->name);
}

static int refuse_renamed(const struct deletion *d, const char *other, struct err **e)
{
	err_set(e, ERR_BUSY, -EBUSY,
		"image '%s' is listed as '%s': it is being renamed, or that was interrupted",
		d->name, other);
	return err_hint(e,
			"to delete it, delete '%s'; to remove only the other name, run 'rados rm "
			"rbd_id.%s'",
			other, d->spec->image);
}

/* 1: the trash has the image as one to be removed; 0: as one that is kept, or comes back. -ENOENT:
 * it does not have it. */
static int is_to_be_removed(const struct deletion *d, const char *id)
{
	_cleanup_trash_entry_ struct trash_entry entry = {0};
	int r = cls_trash_get(d->p->io, id, &entry);

	return r < 0 ? r : entry.to_remove && entry.state != TRASH_RESTORING;
}

/* The name object says that the image has the name: so must the directory. */
static int check_listed(const struct deletion *d, struct err **e)
{
	_cleanup_free_ char *listed = NULL;
	int r = cls_directory_name(d->p->io, d->id, &listed);

	if (r < 0 && r != -ENOENT)
		return fail_look(d, r, e);
	if (!r && strcmp(listed, d->spec->image) && !spec_is_hidden(listed))
		return refuse_renamed(d, listed, e);
	if (!r)
		r = name_complete(d->p->io, d->spec->image, d->id);
	if (r < 0 && r != -ENOENT)
		return fail_look(d, r, e);
	r = is_to_be_removed(d, d->id);
	if (r < 0 && r != -ENOENT)
		return fail_look(d, r, e);
	return r ? 0 : refuse_on_its_way(d, e);
}

static int check_users(const struct deletion *d, struct err **e)
{
	uint64_t features = 0;
	int r = rbd_get_features(d->image, &features);

	if (r < 0)
		return fail_look(d, r, e);
	if (features & RBD_FEATURE_MIGRATING) {
		err_set(e, ERR_BUSY, -EBUSY, "image '%s' is being migrated", d->name);
		return err_hint(e, "run 'rbd migration commit' or 'rbd migration abort'");
	}
	r = image_refuse_snapshots(d->p, d->image, d->name, e);
	return r < 0 ? r
		     : watchers_refuse(d->p, d->image, d->name, deadline_in(WATCHERS_PATIENCE_US),
				       e);
}

/* There is no name object. 1: no image is called so. */
static int examine_unnamed(struct deletion *d, struct err **e)
{
	int r = image_open_at(d->p, d->spec->image, NULL, IMAGE_READ, &d->image);

	if (!r)
		return check_users(d, e);
	if (r != -ENOENT)
		return image_open_fail(d->p, d->spec, r, e);
	r = cls_directory_id(d->p->io, d->spec->image, &d->id);
	if (r < 0)
		return r == -ENOENT ? 1 : fail_look(d, r, e);
	r = image_has_header(d->p, d->id);
	if (r <= 0)
		return r < 0 ? fail_look(d, r, e) : 0;
	r = is_to_be_removed(d, d->id);
	if (r < 0 && r != -ENOENT)
		return fail_look(d, r, e);
	return r > 0 ? 1 : refuse_on_its_way(d, e);
}

/* 0: it may be deleted; 1: there is none; or why not. */
static int examine(struct deletion *d, struct err **e)
{
	int r = cls_image_id(d->p->io, d->spec->image, &d->id);

	if (r == -ENOENT)
		return examine_unnamed(d, e);
	if (r < 0)
		return fail_look(d, r, e);
	r = check_listed(d, e);
	if (r < 0)
		return r;
	r = image_open_at(d->p, d->id, NULL, IMAGE_ID_READ, &d->image);
	if (r < 0)
		return r == -ENOENT ? 0 : image_open_fail(d->p, d->spec, r, e);
	return check_users(d, e);
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

static struct snapshot_ref link_ref(const struct link *link)
{
	return (struct snapshot_ref){
		.spec = {link->image.pool_name, link->image.pool_namespace, link->image.image_name,
			 link->snap.name},
		.pool_id = link->image.pool_id,
		.image_id = link->image.image_id,
		.snap_id = link->snap.id,
	};
}

/* The parent's snapshot, if it is one of ours that has no more than CHILDREN_MAX children: *image,
 * the parent open for writing; *is_kept: it is protected. */
static bool open_droppable(struct session *session, const struct link *link, unsigned children_max,
			   struct ioctx *p, rbd_image_t *image, int *is_kept)
{
	_cleanup_image_ rbd_image_t at = NULL;

	if (link->image.trash || link->snap.namespace_type != RBD_SNAP_NAMESPACE_TYPE_USER ||
	    !snapshot_name_is_ours(link->snap.name, link->image.image_id) ||
	    ioctx_open_id(session, link->image.pool_id, link->image.pool_namespace, p) < 0)
		return false;
	if (image_open_at(p, link->image.image_id, link->snap.name, IMAGE_ID_READ, &at) < 0 ||
	    snapshot_children(at) > children_max ||
	    image_open_at(p, link->image.image_id, NULL, IMAGE_ID_WRITE, image) < 0)
		return false;
	return !rbd_snap_is_protected(*image, link->snap.name, is_kept);
}

static bool drop_early(struct session *session, const struct link *link)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_writable_image_ rbd_image_t image = NULL;
	int is_kept = 0;

	return open_droppable(session, link, 1, &p, &image, &is_kept) && !is_kept &&
	       !rbd_snap_remove(image, link->snap.name);
}

static bool drop_late(struct session *session, const struct link *link)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_writable_image_ rbd_image_t image = NULL;
	int is_kept = 0;

	if (!open_droppable(session, link, 0, &p, &image, &is_kept))
		return false;
	if (is_kept && rbd_snap_unprotect(image, link->snap.name) < 0)
		return false;
	FAILPOINT("drop.unprotected");
	return !rbd_snap_remove(image, link->snap.name);
}

static char *drop_guarded(struct session *session, const struct link *link,
			  const struct snapshot_guard *guard,
			  bool (*drop)(struct session *session, const struct link *link))
{
	const struct snapshot_ref ref = link_ref(link);
	bool dropped;

	if (guard && !guard->enter(guard->arg, &ref))
		return NULL;
	dropped = drop(session, link);
	if (guard)
		guard->leave(guard->arg);
	return dropped ? spec_format(&ref.spec) : NULL;
}

char *parent_snapshot_drop_early(struct session *session, const struct link *link,
				 const struct snapshot_guard *guard)
{
	return drop_guarded(session, link, guard, drop_early);
}

char *parent_snapshot_drop(struct session *session, const struct link *link,
			   const struct snapshot_guard *guard)
{
	return drop_guarded(session, link, guard, drop_late);
}

/* The names may be others' when it is read again, the ids not. */
char *parent_snapshot_note(const struct link *link)
{
	char *out;

	return str_printf(&out, "%lld %s %llu %s", (long long)link->image.pool_id,
			  link->image.image_id, (unsigned long long)link->snap.id,
			  link->image.pool_namespace) < 0
		       ? NULL
		       : out;
}

/* The names that belong to the ids of LINK, which borrows from *snaps. */
static int name_link(struct session *session, struct link *link, struct snapshots *snaps,
		     char pool[static 256], char image_name[static 256])
{
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_ioctx_ struct ioctx p = {0};
	size_t len = 256;
	int r = ioctx_open_id(session, link->image.pool_id, link->image.pool_namespace, &p);

	if (r < 0)
		return r;
	r = rados_pool_reverse_lookup(session->rados, link->image.pool_id, pool, 256);
	if (r < 0)
		return r;
	r = image_open_at(&p, link->image.image_id, NULL, IMAGE_ID_READ, &image);
	if (r < 0)
		return r;
	r = rbd_get_name(image, image_name, &len);
	if (!r)
		r = snapshots_list(image, snaps);
	for (int i = 0; !r && i < snaps->n; i++)
		if (snaps->items[i].id == link->snap.id && snapshot_is_user(image, link->snap.id))
			link->snap.name = (char *)snaps->items[i].name;
	if (r < 0)
		return r;
	return link->snap.name ? 0 : -ENOENT;
}

char *parent_snapshot_drop_noted(struct session *session, const char *note,
				 const struct snapshot_guard *guard)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	char id[256], pool[256], image_name[256];
	struct link link = {.image = {.image_id = id, .pool_name = pool, .image_name = image_name}};
	unsigned long long snap_id;
	long long pool_id;
	int ns = 0;

	if (sscanf(note, "%lld %255s %llu %n", &pool_id, id, &snap_id, &ns) < 3 || !ns)
		return NULL;
	link.image.pool_id = pool_id;
	link.image.pool_namespace = (char *)note + ns;
	link.snap.id = snap_id;
	link.snap.namespace_type = RBD_SNAP_NAMESPACE_TYPE_USER;
	return name_link(session, &link, &snaps, pool, image_name) < 0
		       ? NULL
		       : parent_snapshot_drop(session, &link, guard);
}

/* What image_remove does not do: of format 1 there is no id, and mirroring is for librbd to end. */
static bool is_for_librbd(const struct deletion *d)
{
	rbd_mirror_image_info_t mirror;
	bool mirrored;

	if (!d->image)
		return false;
	if (!d->id)
		return true;
	if (rbd_mirror_image_get_info(d->image, &mirror, sizeof(mirror)) < 0)
		return false;
	mirrored = mirror.state != RBD_MIRROR_IMAGE_DISABLED;
	rbd_mirror_image_get_info_cleanup(&mirror);
	return mirrored;
}

static int fail_remove(const struct deletion *d, int r, struct err **e)
{
	int room;

	if (r == -ESTALE)
		return err_set(e, ERR_FAILED, r, "image '%s' was renamed or replaced meanwhile",
			       d->name);
	/* That is also what an OSD says where there is no room for the pool's trash. */
	room = r == -ENOENT ? session_check_room(d->p->session, d->p->pool_id) : 0;
	return image_fail(d->p, CALL_REMOVE, d->spec->image, 0, room < 0 ? room : r, e,
			  "delete image '%s'", d->name);
}

static int remove_image(struct deletion *d, struct drop *drop, struct err **e)
{
	int r = is_for_librbd(d) ? rbd_remove(d->p->io, d->spec->image)
				 : image_remove(d->p, d->spec->image, d->id, drop);

	FAILPOINT("delete.removed");
	return r < 0 ? fail_remove(d, r, e) : 0;
}

/* No image has the name, but one that had it may be deleted in part. */
static int finish_deleted(struct deletion *d, struct drop *drop, struct err **e)
{
	int n = removals_finish(d->p, d->spec->image, d->name, drop, e);

	if (n > 0)
		return 0;
	return n < 0 ? n : ioctx_missing(d->p, d->spec, e);
}

static int deletion_run(struct deletion *d, struct drop *drop, struct err **e)
{
	int r = examine(d, e);

	if (r > 0)
		return finish_deleted(d, drop, e);
	if (r < 0)
		return r;
	r = remove_image(d, drop, e);
	if (r < 0)
		return r;
	/* images that had this name before */
	r = removals_finish(d->p, d->spec->image, d->name, drop, e);
	return r < 0 ? r : 0;
}

int image_delete(struct cluster *c, const struct spec *spec, const struct snapshot_guard *guard,
		 char **out_parent_snapshot, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_deletion_ struct deletion d = {.p = &p, .spec = spec, .name = name};
	struct drop drop = {.guard = guard};
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	*out_parent_snapshot = NULL;
	if (!r)
		r = deletion_run(&d, &drop, e);
	*out_parent_snapshot = drop.dropped;
	return r;
}
