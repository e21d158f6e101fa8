/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/snapshots.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/close.h"
#include "ceph/cls.h"
#include "rbd/errors.h"
#include "rbd/image.h"
#include "rbd/note.h"
#include "rbd/snapshot-name.h"
#include "rbd/usage.h"
#include "rbd/watchers.h"

#define NAMED_MAX   5 /* in a message; of more, the number */
#define CLONES_ROOM 64

void snapshot_entries_deinit(struct snapshot_entries *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].name);
	free(l->items);
	*l = (struct snapshot_entries){0};
}

int clones_list(rbd_image_t image, struct clones *out)
{
	size_t n = CLONES_ROOM;
	int r;

	*out = (struct clones){0};
	do {
		free(out->items);
		out->items = calloc(n, sizeof(*out->items));
		r = out->items ? rbd_list_children3(image, out->items, &n) : -ENOMEM;
	} while (r == -ERANGE);
	out->n = r < 0 ? 0 : n;
	return r < 0 ? r : 0;
}

void clones_deinit(struct clones *c)
{
	if (c->n)
		rbd_linked_image_spec_list_cleanup(c->items, c->n);
	free(c->items);
	*c = (struct clones){0};
}

/* --- list --- */

/* What one look at an image's snapshots goes through, in the order of their ids. */
struct looking {
	rbd_image_t image;
	const char *id;
	const char *before; /* the snapshot before; NULL: none */
	bool before_mapped; /* its object map tells */
};

/* IMAGE is set to the snapshot OUT. */
static int fill_entry(struct looking *l, const rbd_snap_info_t *s, struct snapshot_entry *out)
{
	_cleanup_clones_ struct clones clones = {0};
	struct timespec created = {0};
	int kept = 0, mapped, r;

	r = rbd_snap_set_by_id(l->image, s->id);
	if (!r)
		r = rbd_snap_is_protected(l->image, s->name, &kept);
	if (!r)
		r = clones_list(l->image, &clones);
	if (r < 0)
		return r;
	mapped = image_has_map(l->image);
	if (mapped > 0 && (!l->before || l->before_mapped))
		out->used_known = !image_changed_bytes(l->image, l->before, &out->used_bytes);
	l->before_mapped = mapped > 0;
	if (!rbd_snap_get_timestamp(l->image, s->id, &created))
		out->created = created.tv_sec;
	out->id = s->id;
	out->size_bytes = s->size;
	out->is_protected = kept;
	out->ours = snapshot_name_is_ours(s->name, l->id);
	out->clones = clones.n;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const rbd_snap_info_t *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int fill_entries(struct looking *l, const struct check *go_on, struct snapshot_entries *out)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	int r = snapshots_list(l->image, &snaps);

	if (r < 0 || !snaps.n)
		return r;
	qsort(snaps.items, (size_t)snaps.n, sizeof(*snaps.items), by_id);
	out->items = calloc((size_t)snaps.n, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	for (int i = 0; !r && i < snaps.n; i++) {
		struct snapshot_entry *entry = &out->items[out->n];

		r = check_now(go_on);
		if (r || !snapshot_is_user(l->image, snaps.items[i].id))
			continue;
		entry->name = strdup(snaps.items[i].name);
		out->n++;
		r = entry->name ? fill_entry(l, &snaps.items[i], entry) : -ENOMEM;
		l->before = snaps.items[i].name;
	}
	return r;
}

int image_snapshots(struct cluster *c, const struct spec *spec, const struct check *go_on,
		    struct snapshot_entries *out, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	struct looking l = {0};
	char id[256] = ""; /* stays so for an image of format 1 */
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	*out = (struct snapshot_entries){0};
	if (r < 0)
		return r;
	r = image_open(&p, spec, NULL, IMAGE_READ, &image, e);
	if (r < 0)
		return r;
	rbd_get_id(image, id, sizeof(id));
	l = (struct looking){.image = image, .id = id};
	r = fill_entries(&l, go_on, out);
	if (r >= 0)
		return 0;
	snapshot_entries_deinit(out);
	return image_fail_or_missing(&p, CALL_LOOK, spec, r, e, "list the snapshots of '%s'", name);
}

/* --- remove --- */

/* A snapshot that is to be changed or made use of: SPEC's image, its head open for writing. */
struct target {
	const struct spec *spec;
	const char *name; /* for words */
	struct ioctx p;
	rbd_image_t image;
	uint64_t snap_id;
	char id[256];
};

static void target_deinit(struct target *t)
{
	if (t->image)
		image_close(t->image);
	ioctx_deinit(&t->p);
}
#define _cleanup_target_ cleanup(target_deinit)

static int target_open(struct target *t, struct cluster *c, struct err **e)
{
	const struct spec *spec = t->spec;
	int r = ioctx_open(c, spec->pool, spec->ns, &t->p, e);

	if (r < 0)
		return r;
	r = image_open(&t->p, spec, NULL, IMAGE_WRITE, &t->image, e);
	if (r < 0)
		return r;
	r = rbd_snap_get_id(t->image, spec->snap, &t->snap_id);
	if (!r)
		r = rbd_get_id(t->image, t->id, sizeof(t->id));
	return r < 0 ? image_fail_or_missing(&t->p, CALL_LOOK, spec, r, e, "look at '%s'", t->name)
		     : 0;
}

static int refuse_clones(const struct target *t, const struct clones *clones, struct err **e)
{
	_cleanup_strlist_ struct strlist names = {0};
	_cleanup_free_ char *list = NULL;

	for (size_t i = 0; i < clones->n; i++) {
		const rbd_linked_image_spec_t *l = &clones->items[i];
		bool in_ns = *l->pool_namespace;

		if (strlist_add(&names, "%s/%s%s%s%s", l->pool_name, l->pool_namespace,
				in_ns ? "/" : "", l->image_name,
				l->trash ? " (in the trash)" : "") < 0)
			return err_oom(e);
	}
	list = strlist_join(&names, ", ", NAMED_MAX);
	err_set(e, ERR_BUSY, -ENOTEMPTY, "snapshot '%s' has %zu clone%s: %s", t->name, clones->n,
		clones->n > 1 ? "s" : "", list ? list : "?");
	return err_hint(e, "'rbdvol flatten' makes a clone independent, 'rbdvol delete' ends it");
}

static int refuse_protected(struct target *t, struct err **e)
{
	int kept = 0, r = rbd_snap_is_protected(t->image, t->spec->snap, &kept);

	if (r < 0 || !kept)
		return r < 0 ? image_fail(&t->p, CALL_LOOK, t->spec->image, 0, r, e, "look at '%s'",
					  t->name)
			     : 0;
	err_set(e, ERR_BUSY, -EBUSY, "snapshot '%s' is protected", t->name);
	return err_hint(e, "'rbd snap unprotect %s' ends that", t->name);
}

static int refuse_needed(struct target *t, struct err **e)
{
	_cleanup_clones_ struct clones clones = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(&t->p, t->id, t->spec->snap, IMAGE_ID_READ, &image);

	if (!r)
		r = clones_list(image, &clones);
	if (r < 0)
		return image_fail(&t->p, CALL_LOOK, t->spec->image, 0, r, e,
				  "look for clones of '%s'", t->name);
	return clones.n ? refuse_clones(t, &clones, e) : refuse_protected(t, e);
}

static int remove_guarded(struct target *t, const struct snapshot_guard *guard,
			  const struct snapshot_ref *ref, struct err **e)
{
	int r;

	if (!guard->enter(guard->arg, ref))
		return err_set(e, ERR_BUSY, -EBUSY,
			       "snapshot '%s' is attached to this host, or being cloned", t->name);
	r = refuse_needed(t, e);
	if (r >= 0) {
		r = rbd_snap_remove(t->image, t->spec->snap);
		FAILPOINT("snapshot.removed");
		if (r < 0)
			image_fail(&t->p, CALL_SNAP_REMOVE, t->spec->image, 0, r, e,
				   "delete snapshot '%s'", t->name);
	}
	guard->leave(guard->arg);
	return r < 0 ? r : 0;
}

int image_snapshot_remove(struct cluster *c, const struct spec *spec,
			  const struct snapshot_guard *guard, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_target_ struct target t = {.spec = spec, .name = name};
	struct snapshot_ref ref = {.spec = *spec, .image_id = t.id};
	int r = name ? target_open(&t, c, e) : err_oom(e);

	ref.pool_id = t.p.pool_id;
	ref.snap_id = t.snap_id;
	return r < 0 ? r : remove_guarded(&t, guard, &ref, e);
}

/* --- roll back --- */

static uint64_t overlap_of(rbd_image_t image)
{
	uint64_t bytes;

	return rbd_get_overlap(image, &bytes) < 0 ? 0 : bytes;
}

/* librbd brings back the objects of the snapshot, but not what it read of its parent where the head
 * does not any more. */
static int refuse_overlap(const struct target *t, rbd_image_t then, struct err **e)
{
	if (overlap_of(then) <= overlap_of(t->image))
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"'%s' shares less with its parent than when snapshot '%s' was taken: it was "
		"flattened, wiped or made smaller",
		t->spec->image, t->spec->snap);
	return err_hint(e, "a clone has the content of the snapshot: rbdvol create NEW --from %s",
			t->name);
}

/* librbd gives the snapshot's object map to the head, but not the mark that it is invalid: objects
 * that the map does not have would be read as zeros (docs/reuse.md). */
static int refuse_invalid_map(struct target *t, rbd_image_t then, struct err **e)
{
	uint64_t flags = 0;
	int r = rbd_get_flags(then, &flags);

	if (r < 0)
		return image_fail(&t->p, CALL_LOOK, t->spec->image, 0, r, e, "look at '%s'",
				  t->name);
	if (!(flags & RBD_FLAG_OBJECT_MAP_INVALID))
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP, "the object map of snapshot '%s' is invalid",
		t->name);
	return err_hint(e, "'rbd object-map rebuild %s' makes it anew", t->name);
}

static int refuse_unfit(struct target *t, struct err **e)
{
	_cleanup_image_ rbd_image_t then = NULL;
	int r = image_open_at(&t->p, t->id, t->spec->snap, IMAGE_ID_READ, &then);

	if (r < 0)
		return image_fail(&t->p, CALL_OPEN, t->spec->image, 0, r, e, "open '%s'", t->name);
	r = refuse_overlap(t, then, e);
	return r < 0 ? r : refuse_invalid_map(t, then, e);
}

static int roll_back(struct target *t, change_progress *tell, void *arg)
{
	struct telling telling = {tell, arg};
	int r = cls_note(t->p.io, t->id, NOTE_ROLLBACK, t->spec->snap);

	FAILPOINT("rollback.noted");
	if (!r)
		r = rbd_snap_rollback_with_progress(t->image, t->spec->snap, change_on_progress,
						    &telling);
	FAILPOINT("rollback.done");
	if (!r) /* what a wipe has left is the snapshot's content again */
		r = cls_note_remove(t->p.io, t->id, NOTE_WIPE);
	if (r == -ENOENT)
		r = 0;
	return r < 0 ? r : cls_note_remove(t->p.io, t->id, NOTE_ROLLBACK);
}

int image_rollback(struct cluster *c, const struct spec *spec, change_progress *tell, void *arg,
		   struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_target_ struct target t = {.spec = spec, .name = name};
	int r = name ? target_open(&t, c, e) : err_oom(e);

	if (r < 0)
		return r;
	r = watchers_refuse(&t.p, t.image, name, deadline_in(WATCHERS_PATIENCE_US), e);
	if (r < 0)
		return r;
	r = refuse_unfit(&t, e);
	if (r < 0)
		return r;
	r = roll_back(&t, tell, arg);
	return r < 0 ? image_fail(&t.p, CALL_ROLLBACK, spec->image, 0, r, e, "roll back to '%s'",
				  name)
		     : 0;
}
