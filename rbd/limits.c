/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/limits.h"
#include "base/str.h"
#include "ceph/close.h"
#include "rbd/image.h"

#include <errno.h>
#include <string.h>

#include "ceph/cls.h"
#include "ceph/ioctx.h"
#include "rbd/errors.h"
#include "rbd/snapshot-name.h"

#define NAMED_MAX 3 /* snapshots in a hint */
#define NAME_ROOM 256

/* An image of the chain that begins with the one that is to be mapped. */
struct link_at {
	struct ioctx p;
	char *id;
	uint64_t snap_id;
};

static void link_at_deinit(struct link_at *l)
{
	ioctx_deinit(&l->p);
	free(l->id);
	*l = (struct link_at){0};
}
#define _cleanup_link_at_ cleanup(link_at_deinit)

/* "pool/ns/image" of an image that is known by its id; the caller frees it. */
static char *name_of(struct ioctx *p, const char *id)
{
	char pool[NAME_ROOM] = "?", ns[NAME_ROOM] = "", *out;
	_cleanup_free_ char *image = NULL;
	int r;

	if (rados_ioctx_get_pool_name(p->io, pool, sizeof(pool)) < 0 ||
	    rados_ioctx_get_namespace(p->io, ns, sizeof(ns)) < 0)
		*ns = '\0';
	if (cls_directory_name(p->io, id, &image) < 0)
		r = str_printf(&out, "the image with the id %s of pool %s", id, pool);
	else
		r = str_printf(&out, "%s/%s%s%s", pool, ns, *ns ? "/" : "", image);
	return r < 0 ? NULL : out;
}

/* How many of an image's snapshots are whose, and the oldest of those that a user can remove. */
struct census {
	unsigned ours, users, others;
	struct strlist oldest;
};

static void census_deinit(struct census *c)
{
	strlist_deinit(&c->oldest);
}

static void take_census(rbd_image_t image, struct census *out)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	char id[256] = ""; /* stays so for an image of format 1 */
	int r = snapshots_list(image, &snaps);

	rbd_get_id(image, id, sizeof(id));
	for (int i = 0; r >= 0 && i < snaps.n; i++) {
		const char *name = snaps.items[i].name;

		if (!snapshot_is_user(image, snaps.items[i].id)) {
			out->others++;
			continue;
		}
		if (snapshot_name_is_ours(name, id)) {
			out->ours++;
			continue;
		}
		if (out->users++ < NAMED_MAX)
			r = strlist_add(&out->oldest, "%s", name);
	}
}

static void print_census(FILE *f, const struct census *c, const char *name)
{
	_cleanup_free_ char *oldest = strlist_join(&c->oldest, ", ", 0);

	fputs("remove some", f);
	if (c->users)
		fprintf(f, "; %u were taken by name, the oldest are %s: 'rbdvol delete %s@SNAP'",
			c->users, oldest ? oldest : "?", name);
	if (c->ours)
		fprintf(f,
			"; %u are rbdvol's own: 'rbdvol prune' removes those without clones, and "
			"the others go with their last clone",
			c->ours);
	if (c->others)
		fprintf(f,
			"; %u are of groups, of mirroring, or were removed while they had clones: "
			"'rbd snap ls --all %s'",
			c->others, name);
}

/* What to remove of the image ID, which is called NAME; the caller frees it. */
static char *what_to_remove(struct ioctx *p, const char *id, const char *name)
{
	cleanup(census_deinit) struct census c = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	struct text out;
	FILE *f;

	if (!image_open_at(p, id, NULL, IMAGE_ID_READ, &image))
		take_census(image, &c);
	f = text_begin(&out);
	if (!f)
		return NULL;
	print_census(f, &c, name);
	return text_end(f, &out);
}

static int refuse_count(struct ioctx *p, const char *id, unsigned n, bool one_more, struct err **e)
{
	_cleanup_free_ char *name = name_of(p, id), *hint = NULL;

	hint = name ? what_to_remove(p, id, name) : NULL;
	if (!hint)
		return err_oom(e);
	err_set(e, ERR_UNSUPPORTED, -ERANGE,
		"%s has %u snapshots%s: the kernel's rbd driver hangs on an image, and on a clone "
		"of an image, that has more than %u",
		name, n, one_more ? ", and cannot get another" : "", KRBD_SNAPSHOTS_MAX);
	return err_hint(e, "%s", hint);
}

static int note_count(struct ioctx *p, const char *id, unsigned n, struct strlist *notes)
{
	_cleanup_free_ char *name = name_of(p, id), *hint = NULL;

	hint = name ? what_to_remove(p, id, name) : NULL;
	if (!hint)
		return -ENOMEM;
	return strlist_add(notes,
			   "%s has %u snapshots, and the kernel maps neither it nor its clones "
			   "with more than %u: %s",
			   name, n, KRBD_SNAPSHOTS_MAX, hint);
}

static int check_count(struct ioctx *p, const char *id, unsigned n, bool one_more,
		       struct strlist *notes, struct err **e)
{
	if (n + one_more > KRBD_SNAPSHOTS_MAX)
		return refuse_count(p, id, n, one_more, e);
	if (n < KRBD_SNAPSHOTS_WARN || !notes)
		return 0;
	return note_count(p, id, n, notes) < 0 ? err_oom(e) : 0;
}

static int refuse_name(const char *snap, struct err **e)
{
	err_set(e, ERR_UNSUPPORTED, -ERANGE,
		"the name of snapshot '%.32s…' has %zu bytes: the kernel's rbd driver hangs on "
		"names of more than %u",
		snap, strlen(snap), KRBD_SNAP_NAME_MAX);
	return err_hint(e, "'rbd snap rename' gives it a shorter one");
}

static int limits_check_name(const char *snap, struct err **e)
{
	return !snap || strlen(snap) <= KRBD_SNAP_NAME_MAX ? 0 : refuse_name(snap, e);
}

/* The kernel finds a snapshot's id by the names of all, from the newest to the one it looks for. */
static int check_newer_names(struct link_at *at, struct err **e)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(&at->p, at->id, NULL, IMAGE_ID_READ, &image);

	if (!r)
		r = snapshots_list(image, &snaps);
	for (int i = 0; r >= 0 && i < snaps.n; i++)
		if (snaps.items[i].id >= at->snap_id &&
		    limits_check_name(snaps.items[i].name, e) < 0)
			return (*e)->code;
	return 0;
}

/* From AT to its parent. */
static int step_up(struct link_at *at, const struct lineage *l)
{
	_cleanup_link_at_ struct link_at up = {.id = strdup(l->image_id), .snap_id = l->snap_id};
	int r = up.id ? ioctx_open_id(at->p.session, l->pool_id, l->ns, &up.p) : -ENOMEM;

	if (r < 0)
		return r;
	link_at_deinit(at);
	*at = up;
	up = (struct link_at){0};
	return 0;
}

static int refuse_depth(const char *name, struct err **e)
{
	err_set(e, ERR_UNSUPPORTED, -EMLINK,
		"%s has, or would have, more than %u ancestors: the kernel's rbd driver maps no "
		"image of a longer chain",
		name, KRBD_ANCESTORS_MAX);
	return err_hint(e, "'rbdvol flatten' one of them, its parent for example; 'rbdvol show' "
			   "tells the parent of each");
}

/* An ancestor that this user cannot read: the kernel will say so itself. */
static bool is_hidden(int r)
{
	return r == -ENOENT || r == -EPERM || r == -EACCES;
}

/* AT, which is DEPTH steps above what is to be mapped, and all above it. NAME: for messages. */
static int check_chain(struct link_at *at, unsigned depth, const char *name, struct strlist *notes,
		       struct err **e)
{
	for (;; depth++) {
		_cleanup_lineage_ struct lineage l = {0};
		int r;

		if (depth > KRBD_ANCESTORS_MAX)
			return refuse_depth(name, e);
		r = cls_lineage(at->p.io, at->id, at->snap_id, &l);
		if (r < 0)
			return is_hidden(r) ? 0
					    : image_fail(&at->p, CALL_LOOK, NULL, 0, r, e,
							 "look at the ancestors of '%s'", name);
		r = limits_check_name(l.snap_name, e);
		if (r >= 0)
			r = check_count(&at->p, at->id, l.snapshots, false, notes, e);
		if (r < 0)
			return r;
		r = l.has_parent ? step_up(at, &l) : -ENOENT;
		if (r < 0)
			return is_hidden(r) ? 0 : err_errno(e, r, "open the parent of '%s'", name);
	}
}

static int snapshot_id(struct link_at *at, const char *snap, uint64_t *out)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(&at->p, at->id, NULL, IMAGE_ID_READ, &image);

	return r < 0 ? r : rbd_snap_get_id(image, snap, out);
}

/* 1: *out is SPEC; 0: there is no such image, or one of format 1, or no such snapshot. */
static int link_find(struct cluster *c, const struct spec *spec, struct link_at *out,
		     struct err **e)
{
	int r = ioctx_open(c, spec->pool, spec->ns, &out->p, e);

	if (r < 0)
		return r;
	out->snap_id = LIBRADOS_SNAP_HEAD;
	r = cls_image_id(out->p.io, spec->image, &out->id);
	if (!r && spec->snap)
		r = snapshot_id(out, spec->snap, &out->snap_id);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? image_fail(&out->p, CALL_LOOK, spec->image, 0, r, e, "look at '%s'",
				  spec->image)
		     : 1;
}

static int limits_check(struct cluster *c, const struct spec *spec, unsigned depth,
			struct strlist *notes, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_link_at_ struct link_at at = {0};
	int r = name ? link_find(c, spec, &at, e) : err_oom(e);

	if (r > 0 && spec->snap && !depth)
		r = check_newer_names(&at, e) < 0 ? (*e)->code : 1;
	return r <= 0 ? r : check_chain(&at, depth, name, notes, e);
}

int image_check_limits(struct cluster *c, const struct spec *spec, struct strlist *notes,
		       struct err **e)
{
	return limits_check(c, spec, 0, notes, e);
}

int image_check_clone_limits(struct cluster *c, const struct spec *parent, struct strlist *notes,
			     struct err **e)
{
	return limits_check(c, parent, 1, notes, e);
}

int limits_check_snapshot(struct ioctx *p, const struct spec *spec, const char *id, struct err **e)
{
	_cleanup_lineage_ struct lineage l = {0};
	int r = cls_lineage(p->io, id, LIBRADOS_SNAP_HEAD, &l);

	if (r < 0)
		return image_fail(p, CALL_LOOK, spec->image, 0, r, e,
				  "look at the snapshots of '%s'", spec->image);
	return check_count(p, id, l.snapshots, true, NULL, e);
}

int image_check_snapshot_limits(struct cluster *c, const struct spec *spec, struct strlist *notes,
				struct err **e)
{
	_cleanup_link_at_ struct link_at at = {0};
	_cleanup_lineage_ struct lineage l = {0};
	int r = link_find(c, spec, &at, e);

	if (r <= 0)
		return r;
	r = cls_lineage(at.p.io, at.id, LIBRADOS_SNAP_HEAD, &l);
	/* What cannot be read is for the snapshot itself to fail with. */
	return r < 0 ? 0 : check_count(&at.p, at.id, l.snapshots, true, notes, e);
}
