/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/snapshot.h"
#include "base/str.h"
#include "ceph/close.h"
#include "ceph/monitors.h"
#include "rbd/image.h"
#include "rbd/note.h"

#include <errno.h>
#include <rbd/features.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/cls.h"
#include "ceph/compat.h"
#include "rbd/compare.h"
#include "rbd/errors.h"
#include "rbd/limits.h"
#include "rbd/snapshot-name.h"
#include "rbd/snapshot-note.h"

#define LOOKS_MAX     16
#define LOOK_AGAIN_US 20000 /* times the number of looks so far */
#define LOOKS_PATIENT 10    /* those that rather look again than take a snapshot without the lock */
/* A lock that is held can be broken only when its owner has not been heard of for the watch timeout
 * of the OSDs (30 s). */
#define LOCK_SURE_US (10 * USEC_PER_SEC)

/* What one look at the parent found. */
struct look {
	rbd_image_t image;
	struct image_info info;
	struct image_version version; /* read before all else */
	struct snapshots snaps;
	const rbd_snap_info_t *newest; /* of the user's kind; NULL: none */
	uint64_t newest_id;	       /* of any kind; 0: none */
	struct snapshot_state snap;    /* of newest */
	bool maps_differ;	       /* newest's and head's */
	bool too_large;		       /* to tell in time whether newest equals head */
};

static void look_deinit(struct look *l)
{
	snapshots_deinit(&l->snaps);
	if (l->image)
		image_close_later(l->image);
	image_info_deinit(&l->info);
}
#define _cleanup_look_ cleanup(look_deinit)

static int check_size(const struct spec *parent, uint64_t parent_size, uint64_t child_size,
		      struct err **e)
{
	_cleanup_free_ char *name = spec_format(parent);

	if (!child_size || child_size >= parent_size)
		return 0;
	err_set(e, ERR_USAGE, -EINVAL,
		"a clone of '%s' cannot be smaller than it: %llu bytes wanted, it has %llu", name,
		(unsigned long long)child_size, (unsigned long long)parent_size);
	return err_hint(e, "leave the size out, or give a larger one");
}

static int refuse_format1(const struct spec *parent, struct err **e)
{
	_cleanup_free_ char *name = spec_format(parent);

	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"operation not supported: image '%s' is of format 1, which cannot be cloned", name);
	return err_hint(e,
			"copy it into one of format 2: 'rbd export --no-progress %s - | rbd import "
			"--image-format 2 - NEW'",
			name);
}

/* Moves what it needs out of *info. */
static int clone_source_make(struct image_info *info, const struct spec *parent, uint64_t snap_id,
			     const char *snap, struct clone_source *out)
{
	*out = (struct clone_source){
		.pool_id = info->pool_id,
		.ns = strdup(parent->ns),
		.image = strdup(parent->image),
		.image_id = steal(&info->id),
		.snap_id = snap_id,
		.snap = strdup(snap),
		.size_bytes = info->size_bytes,
		.features = info->features,
		.order = __builtin_ctzll(info->object_size_bytes),
		.stripe_unit_bytes = info->stripe_unit_bytes,
		.stripe_count = info->stripe_count,
		.data_pool = steal(&info->data_pool),
	};
	if (out->ns && out->image && out->snap)
		return 0;
	clone_source_deinit(out);
	return -ENOMEM;
}

static void find_newest(struct look *l)
{
	for (int i = 0; i < l->snaps.n; i++) {
		const rbd_snap_info_t *s = &l->snaps.items[i];

		if (s->id > l->newest_id)
			l->newest_id = s->id;
		if ((!l->newest || s->id > l->newest->id) && snapshot_is_user(l->image, s->id))
			l->newest = s;
	}
}

/* Look at the image as it is now. -ENOENT, -ESTALE: it went away, or another has its name. */
static int look_take(struct ioctx *p, const struct spec *parent, struct look *l)
{
	_cleanup_free_ char *id = NULL;
	int r = cls_image_id(p->io, parent->image, &id);

	if (r < 0)
		return r;
	r = cls_image_version(p->io, parent->image, id, &l->version);
	if (r < 0)
		return r;
	r = image_open_at(p, id, NULL, IMAGE_ID_READ, &l->image);
	if (r < 0)
		return r;
	r = image_layout(p, l->image, &l->info);
	if (!r)
		r = snapshots_list(l->image, &l->snaps);
	if (!r)
		find_newest(l);
	return r;
}

/* Whether there are object maps of both that librbd can compare. */
static bool look_is_mapped(const struct look *l)
{
	return COMPAT_FAST_DIFF && l->info.features & RBD_FEATURE_FAST_DIFF && !l->snap.flags &&
	       !l->version.head.flags;
}

/* What is not in objects: a comparison of those does not show it. */
static bool same_extent(const struct look *l)
{
	return l->snap.size_bytes == l->version.head.size_bytes &&
	       l->snap.size_bytes == l->info.size_bytes &&
	       l->snap.overlap_bytes == l->version.head.overlap_bytes;
}

static struct snapshot_note note_of(const struct clone_source *source, uint64_t map_version)
{
	return (struct snapshot_note){source->pool_id, source->image_id, source->snap_id,
				      map_version};
}

static bool is_noted(const struct look *l)
{
	const struct snapshot_note n = {l->info.pool_id, l->info.id, l->newest->id,
					l->version.map_version};

	return l->version.map_version && !l->version.head.flags && snapshot_note_is(l->image, &n);
}

/* The map of a snapshot; its .bits are NULL where it has none that is in use. */
static void load_map(struct ioctx *p, const char *id, uint64_t snap_id,
		     const struct snapshot_state *snap, struct object_map *out)
{
	_cleanup_free_ char *of = NULL;

	*out = (struct object_map){0};
	if (!(snap->flags & RBD_FLAG_OBJECT_MAP_INVALID) &&
	    str_printf(&of, "%s.%016llx", id, (unsigned long long)snap_id) == 0)
		object_map_load(p->io, of, out);
}

/* 1: all objects of head are those of the newest snapshot; 0: they are not, or it would take too
 * long to tell; or negative. */
static int equals_head(struct ioctx *p, struct look *l, struct deadline deadline)
{
	cleanup(object_map_deinit) struct object_map map;
	int r = look_is_mapped(l) ? compare_maps(l->image, l->newest->name, deadline) : 0;

	load_map(p, l->info.id, l->newest->id, &l->snap, &map);
	l->maps_differ = r > 0;
	if (!r)
		r = compare_objects(p, l->image, l->newest->id, map.bits ? &map : NULL, deadline);
	l->too_large = r == -ETIME;
	if (l->too_large)
		return 0;
	return r < 0 ? r : !r;
}

/* SOURCE equals head, and will as long as the object map's version is what it was at V, before that
 * was found: who wants to write locks the map first. For that nobody may have had it locked at V.
 */
static void keep(struct snapshot_cache *cache, struct ioctx *p, const struct clone_source *source,
		 const struct image_version *v)
{
	const struct snapshot_note n = note_of(source, v->map_version);

	if (!v->map_version || v->locked || v->head.flags || v->features != source->features ||
	    !(v->features & RBD_FEATURE_OBJECT_MAP))
		return;
	snapshot_cache_keep(cache, source, v);
	snapshot_note_set(p, &n);
}

/* 1: the newest snapshot equals head, *out; 0: there is none of which this is known; or negative.
 */
static int judge(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		 struct look *l, struct deadline deadline, struct clone_source *out)
{
	bool noted;
	int r;

	/* While an image migrates, what head and snapshots have is in another. */
	if (!l->newest || l->info.features & RBD_FEATURE_MIGRATING)
		return 0;
	r = cls_snapshot_state(p->io, l->info.id, l->newest->id, &l->snap);
	if (r < 0 || !same_extent(l))
		return r;
	noted = is_noted(l);
	r = noted ? 1 : equals_head(p, l, deadline);
	if (r <= 0)
		return r;
	r = clone_source_make(&l->info, parent, l->newest->id, l->newest->name, out);
	if (r < 0)
		return r;
	if (noted)
		snapshot_cache_keep(cache, out, &l->version);
	else if (l->version.newest_snap == l->newest_id)
		keep(cache, p, out, &l->version);
	return 1;
}

/* 1 and *out: what is remembered of PARENT holds still; 0: not so, or nothing is. */
static int recall(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		  struct clone_source *out)
{
	const struct snapshot_cache_key key = {p->pool_id, parent->ns, parent->image};
	struct image_version then, now = {0};

	if (!snapshot_cache_recall(cache, &key, &then, out))
		return 0;
	if (!cls_image_version(p->io, parent->image, out->image_id, &now) &&
	    now.map_version == then.map_version && image_version_same_shape(&now, &then))
		return 1;
	snapshot_cache_forget(cache, &key);
	clone_source_deinit(out);
	return 0;
}

static bool name_seen(const struct look *l, const char *name)
{
	for (int i = 0; i < l->snaps.n; i++)
		if (!strcmp(l->snaps.items[i].name, name))
			return true;
	return false;
}

/* The name that everybody who saw what we saw gives to the next snapshot; the caller frees it. */
static char *next_name(const struct look *l)
{
	char *name = snapshot_name_make(l->info.id, l->newest_id, 0);

	for (unsigned i = 1; name && name_seen(l, name); i++) { /* somebody else's, or renamed */
		free(name);
		name = snapshot_name_make(l->info.id, l->newest_id, i);
	}
	return name;
}

/* Who saw a snapshot that is being taken may have met a map of head that did not tell of it yet.
 * Where the lock is ours nobody is at that any more: do their maps agree after all? Who does not
 * get the lock may have been refused by another who asks this; PATIENT: so look again. */
static bool may_fit_by_now(rbd_image_t image, const struct look *l, bool locked, bool patient,
			   struct deadline deadline)
{
	if (!l->maps_differ)
		return false;
	return locked ? !compare_maps(image, l->newest->name, deadline) : patient;
}

/* Where we had the exclusive lock all the time from before the snapshot OUT was taken until HELD
 * was read, nobody else has changed head, its size or its overlap by then. */
static bool is_sealed(rbd_image_t image, uint64_t locked_us, const struct clone_source *out,
		      const struct snapshot_state *snap, const struct image_version *held)
{
	int owner = 0;

	return held->newest_snap == out->snap_id && held->head.size_bytes == snap->size_bytes &&
	       held->head.overlap_bytes == snap->overlap_bytes &&
	       !rbd_is_exclusive_lock_owner(image, &owner) && owner &&
	       clock_now_us() - locked_us < LOCK_SURE_US;
}

/* What was taken is to be found again without a comparison. Closing the image gives our lock back,
 * which raises the version of the map by one, and so does each lock that another gets: if it is
 * higher by just one, nobody else had it. (Writes to other objects of its placement group count,
 * too: then nothing is kept.) */
static void keep_taken(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		       rbd_image_t *image, uint64_t locked_us, const struct clone_source *out,
		       const struct snapshot_state *snap)
{
	struct image_version held = {0}, now = {0};

	if (!locked_us || cls_image_version(p->io, parent->image, out->image_id, &held) < 0 ||
	    !held.map_version || cls_map_touch(p->io, out->image_id, &held.map_version) < 0 ||
	    !is_sealed(*image, locked_us, out, snap, &held))
		return;
	image_close(steal(image));
	if (!cls_image_version(p->io, parent->image, out->image_id, &now) &&
	    now.map_version == held.map_version + 1 && image_version_same_shape(&now, &held))
		keep(cache, p, out, &now);
}

static bool any_map_invalid(struct ioctx *p, rbd_image_t image, const char *id)
{
	_cleanup_snapshots_ struct snapshots all = {0};
	struct snapshot_state s = {0};
	bool invalid = snapshots_list(image, &all) < 0;

	for (int i = 0; i < all.n && !invalid; i++)
		invalid = !cls_snapshot_state(p->io, id, all.items[i].id, &s) &&
			  s.flags & RBD_FLAG_OBJECT_MAP_INVALID;
	return invalid;
}

/* A snapshot takes head's map over. That calls objects absent that are there, where head was rolled
 * back to a snapshot whose map was invalid: librbd copies it, but not the mark that it is. Who
 * reads head without the lock sees them; so must who reads the snapshot. Where more are called
 * absent than can be looked for, another snapshot with such a map is enough to mark it. */
static int distrust_map(struct ioctx *p, rbd_image_t image, const struct image_info *info,
			uint64_t snap_id, struct snapshot_state *snap)
{
	const uint64_t invalid = RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID;
	cleanup(object_map_deinit) struct object_map map;
	int r;

	load_map(p, info->id, snap_id, snap, &map);
	r = map.bits ? compare_absent(p, image, snap_id, &map) : 0;
	if (r == -E2BIG)
		r = any_map_invalid(p, image, info->id);
	return r > 0 ? cls_flags_set(p->io, info->id, snap_id, invalid) : r;
}

static int take_named(struct ioctx *p, const struct spec *parent, rbd_image_t image,
		      const char *name, struct clone_source *out, struct snapshot_state *snap)
{
	_cleanup_image_info_ struct image_info info = {0};
	uint64_t snap_id;
	int r = rbd_snap_create(image, name);

	FAILPOINT("clone.snapshotted");
	if (!r)
		r = rbd_snap_get_id(image, name, &snap_id);
	if (!r)
		r = image_layout(p, image, &info);
	if (!r)
		r = cls_snapshot_state(p->io, info.id, snap_id, snap);
	if (!r && info.features & RBD_FEATURE_OBJECT_MAP)
		r = distrust_map(p, image, &info, snap_id, snap);
	info.size_bytes = snap->size_bytes; /* head may have another size already */
	if (!r)
		r = clone_source_make(&info, parent, snap_id, name, out);
	if (!r)
		out->created = true;
	return r;
}

/* Make the next snapshot. -EEXIST: another did. */
static int take_snapshot(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
			 const struct look *l, bool patient, struct deadline deadline,
			 struct clone_source *out)
{
	struct snapshot_state snap = {0};
	_cleanup_writable_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *name = next_name(l);
	uint64_t locked_us = 0;
	int r = name ? image_open_at(p, l->info.id, NULL, IMAGE_ID_WRITE, &image) : -ENOMEM;

	if (r < 0)
		return r;
	r = session_check_room(p->session, p->pool_id);
	if (!r && l->info.features & RBD_FEATURE_EXCLUSIVE_LOCK &&
	    !rbd_lock_acquire(image, RBD_LOCK_MODE_EXCLUSIVE))
		locked_us = clock_now_us();
	if (!r && may_fit_by_now(image, l, locked_us, patient, deadline))
		return -EEXIST;
	if (!r)
		r = take_named(p, parent, image, name, out, &snap);
	if (!r)
		keep_taken(cache, p, parent, &image, locked_us, out, &snap);
	return r;
}

/* Say what went wrong with PARENT when looking or taking. */
static int choice_fail(struct ioctx *p, const struct spec *parent, int r, struct err **e)
{
	_cleanup_free_ char *name = spec_format(parent);
	rbd_image_t image = NULL;
	uint8_t old = 0;

	if (r != -ENOENT)
		return image_fail(p, CALL_PARENT, parent->image, 0, r, e,
				  "find a snapshot of '%s' to clone", name);
	if (!image_open_at(p, parent->image, NULL, IMAGE_READ, &image)) {
		rbd_get_old_format(image, &old);
		image_close_later(image);
	}
	return old ? refuse_format1(parent, e) : ioctx_missing(p, parent, e);
}

static int refuse_half_rolled(const struct spec *parent, const char *snap, struct err **e)
{
	_cleanup_free_ char *name = spec_format(parent);

	err_set(e, ERR_FAILED, -EUCLEAN,
		"'%s' is partly rolled back to '@%s': that is under way, or was interrupted", name,
		snap);
	return err_hint(e, "'rbdvol rollback %s@%s' completes it", name, snap);
}

/* Of a head that is erased in part nobody wants a clone. */
static int refuse_half_wiped(const struct look *l, const struct spec *parent, struct err **e)
{
	_cleanup_free_ char *noted = image_note(l->image, NOTE_WIPE), *name = NULL;
	_cleanup_free_ char *back = image_note(l->image, NOTE_ROLLBACK);

	if (back)
		return refuse_half_rolled(parent, back, e);
	if (!noted)
		return 0;
	name = spec_format(parent);
	err_set(e, ERR_FAILED, -EUCLEAN,
		"'%s' is erased in part: a wipe of it is under way, or was interrupted", name);
	return err_hint(e,
			"'rbdvol wipe %s --algorithm trim' completes it; of a snapshot that it has "
			"a clone can be made (%s@SNAP)",
			name, name);
}

/* How a look may end that finds no snapshot to clone. */
struct patience {
	bool lock;	/* look again rather than take a snapshot without the lock */
	bool overtaken; /* somebody else took a snapshot since the look before */
};

/* 1: *out; 0: look again; or negative with *e. */
static int choose_once(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		       uint64_t child_size, struct patience *patience, struct deadline deadline,
		       struct clone_source *out, struct err **e)
{
	_cleanup_look_ struct look l = {0};
	int r = look_take(p, parent, &l);

	if (!r && (refuse_half_wiped(&l, parent, e) < 0 ||
		   check_size(parent, l.info.size_bytes, child_size, e) < 0))
		return (*e)->code;
	if (!r)
		r = judge(cache, p, parent, &l, deadline, out);
	if (r > 0)
		return 1;
	if (r == -ESTALE || (r == -ENOENT && l.image))
		return 0; /* the image or the snapshot went away while we looked */
	if (r < 0)
		return choice_fail(p, parent, r, e);
	/* Who took it is about to note that it equals head. */
	if (patience->lock && patience->overtaken && l.too_large)
		return 0;
	r = limits_check_snapshot(p, parent, l.info.id, e);
	if (r < 0)
		return r;
	r = take_snapshot(cache, p, parent, &l, patience->lock, deadline, out);
	if (!r)
		return 1;
	patience->overtaken |= r == -EEXIST;
	return r == -EEXIST || r == -ENOENT ? 0 : choice_fail(p, parent, r, e);
}

static int fail_looks(const struct spec *parent, bool late, struct err **e)
{
	_cleanup_free_ char *name = spec_format(parent);

	if (late)
		return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT,
			       "no time was left to find a snapshot of '%s' to clone", name);
	return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT,
		       "the snapshots of '%s' change all the time: no look found one to clone",
		       name);
}

/* 1 and *out: as for recall, and large enough. */
static int recall_fitting(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
			  uint64_t child_size, struct clone_source *out, struct err **e)
{
	int r = recall(cache, p, parent, out);

	if (r && check_size(parent, out->size_bytes, child_size, e) < 0) {
		clone_source_deinit(out);
		return (*e)->code;
	}
	return r;
}

int snapshot_choose(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		    uint64_t child_size, struct deadline deadline, struct clone_source *out,
		    struct err **e)
{
	struct patience patience = {0};
	int r = recall_fitting(cache, p, parent, child_size, out, e);

	for (unsigned i = 1; !r && i <= LOOKS_MAX && !deadline_passed(deadline); i++) {
		patience.lock = i <= LOOKS_PATIENT;
		r = choose_once(cache, p, parent, child_size, &patience, deadline, out, e);
		if (r)
			break;
		usleep(i * LOOK_AGAIN_US);
		r = recall_fitting(cache, p, parent, child_size, out, e);
	}
	return r ? (r < 0 ? r : 0) : fail_looks(parent, deadline_passed(deadline), e);
}

int snapshot_named(struct ioctx *p, const struct spec *parent, uint64_t child_size,
		   struct clone_source *out, struct err **e)
{
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *name = spec_format(parent);
	uint64_t snap_id = 0;
	int r = image_open(p, parent, parent->snap, IMAGE_READ, &image, e);

	if (r < 0)
		return r;
	r = image_layout(p, image, &info);
	if (!r && !*info.id)
		return refuse_format1(parent, e);
	if (!r)
		r = rbd_snap_get_id(image, parent->snap, &snap_id);
	if (r < 0)
		return image_fail_or_missing(p, CALL_LOOK, parent, r, e, "look at '%s'", name);
	r = check_size(parent, info.size_bytes, child_size, e);
	if (r < 0)
		return r;
	return clone_source_make(&info, parent, snap_id, parent->snap, out) < 0 ? err_oom(e) : 0;
}
