/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/snapshot.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/cls.h"
#include "ceph/compat.h"
#include "rbd/image-internal.h"
#include "rbd/limits.h"
#include "rbd/snapshot-name.h"

#define LOOKS_MAX	16
#define LOOK_AGAIN_US	20000 /* times the number of looks so far */
#define LOOKS_PATIENT	10 /* those that rather look again than take a snapshot without the lock */
#define COMPARE_US	(2 * USEC_PER_SEC) /* taking a snapshot costs 0.4 to 0.8 s */
#define COMPARE_OBJECTS 256		   /* at a time, where each is asked for its state */
#define COMPARE_MAPPED	1024		   /* to begin with, where object maps tell */
#define COMPARE_GROWTH	16		   /* and so many times more with each step */

/* What one look at the parent found. */
struct look {
	rbd_image_t image;
	struct image_info info;
	struct image_version version; /* read before all else */
	struct snapshots snaps;
	const rbd_snap_info_t *newest; /* of the user's kind; NULL: none */
	uint64_t newest_id;	       /* of any kind; 0: none */
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
		"a clone of '%s' can't be smaller than it: %llu bytes wanted, it has %llu", name,
		(unsigned long long)child_size, (unsigned long long)parent_size);
	return err_hint(e, "leave the size out, or give a larger one");
}

static int refuse_format1(const struct spec *parent, struct err **e)
{
	_cleanup_free_ char *name = spec_format(parent);

	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"operation not supported: image '%s' is of format 1, which can't be cloned", name);
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

static int note_difference(uint64_t offset, size_t length, int exists, void *found)
{
	(void)offset, (void)length, (void)exists;
	*(bool *)found = true;
	return -ECANCELED; /* stop: one is enough. It comes back as the result; no failure */
}

/* 1: image and snapshot differ there; 0: they don't; or negative. */
static int compare_part(const struct look *l, uint64_t at, uint64_t length)
{
	bool differ = false;
	int r = compat_diff(l->image, l->newest->name, at, length, note_difference, &differ);

	return differ ? 1 : r < 0 ? r : 0;
}

/* How many times longer than the parts before it the next one may take: LENGTH was the last one's.
 */
static uint64_t growth(uint64_t length, uint64_t rest)
{
	return rest / length < COMPARE_GROWTH ? rest / length + 1 : COMPARE_GROWTH;
}

/* 1: image and snapshot differ, or it would take too long to tell; 0: they don't; or negative.
 *
 * Object by object, the pace so far foretells the whole rest. By object maps (fast) nearly all time
 * goes into loading them, for each part, however large. So the parts grow there, and the next one
 * is foretold as if it took its share: that ends it where librbd can't use the maps after all. */
static int compare(const struct look *l, bool fast, struct deadline deadline)
{
	uint64_t size = l->info.size_bytes, began = clock_now_us();
	uint64_t objects = l->info.object_size_bytes * l->info.stripe_count;
	uint64_t length = (fast ? COMPARE_MAPPED : COMPARE_OBJECTS) * objects;
	struct deadline end = deadline_earlier(deadline_in(COMPARE_US), deadline);

	for (uint64_t at = 0; at < size;) {
		uint64_t rest = size - at;
		int r = compare_part(l, at, length < rest ? length : rest);

		if (r || length >= rest)
			return r;
		at += length;
		rest -= length;
		if ((clock_now_us() - began) * (fast ? growth(length, rest) : rest / at) >
		    deadline_left_us(end))
			return 1;
		if (fast)
			length *= COMPARE_GROWTH;
	}
	return 0;
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
static int look_at(struct ioctx *p, const struct spec *parent, struct look *l)
{
	_cleanup_free_ char *id = NULL;
	int r = cls_image_id(p->io, parent->image, &id);

	if (!r)
		r = cls_image_version(p->io, parent->image, id, &l->version);
	if (!r)
		r = rbd_open_by_id_read_only(p->io, id, &l->image, NULL);
	if (r < 0) {
		l->image = NULL;
		return r;
	}
	r = image_layout(p, l->image, &l->info);
	if (!r)
		r = snapshots_list(l->image, &l->snaps);
	if (!r)
		find_newest(l);
	return r;
}

/* librbd takes head's object map as it is when it compares, and a snapshot that somebody took after
 * our look has marked all in it as unchanged since: so 'no difference' holds only where none was
 * taken meanwhile, be it gone again. -ESTALE: look again. */
static int check_unmoved(struct ioctx *p, const struct spec *parent, const struct look *l)
{
	struct image_version now = {0};
	int r = cls_image_version(p->io, parent->image, l->info.id, &now);

	return r < 0 ? r : image_version_same_shape(&now, &l->version) ? 0 : -ESTALE;
}

/* 1: the newest snapshot equals head, *out; 0: there is none that does; or negative. */
static int judge(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		 struct look *l, struct deadline deadline, struct clone_source *out)
{
	uint64_t flags = 0;
	bool mapped;
	int r;

	/* A resize shows in no comparison, so it counts by itself. */
	if (!l->newest || l->newest->size != l->info.size_bytes)
		return 0;
	r = cls_flags(p->io, l->info.id, l->newest->id, &flags);
	if (r < 0)
		return r;
	mapped = (l->info.features & RBD_FEATURE_FAST_DIFF) && !flags && !l->version.flags;
	r = compare(l, mapped && COMPAT_FAST_DIFF, deadline);
	if (r)
		return r < 0 ? r : 0;
	r = mapped ? check_unmoved(p, parent, l) : 0;
	if (r < 0)
		return r;
	r = clone_source_make(&l->info, parent, l->newest->id, l->newest->name, out);
	if (r < 0)
		return r;
	if (mapped && l->version.newest_snap == l->newest_id &&
	    l->version.size_bytes == out->size_bytes && l->version.features == out->features)
		snapshot_cache_keep(cache, out, &l->version);
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
 * Where the lock is ours nobody is at that any more: does the newest one equal head after all? Who
 * does not get the lock may have been refused by another who asks this; PATIENT: so look again. */
static bool may_fit_by_now(rbd_image_t image, const struct look *l, bool patient,
			   struct deadline deadline)
{
	const uint64_t needed = RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_FAST_DIFF;
	struct look again = *l;

	if (!l->newest || l->newest->size != l->info.size_bytes || l->version.flags ||
	    (l->info.features & needed) != needed || !COMPAT_FAST_DIFF)
		return false;
	if (rbd_lock_acquire(image, RBD_LOCK_MODE_EXCLUSIVE) < 0)
		return patient;
	again.image = image;
	return !compare(&again, true, deadline);
}

/* Make the next snapshot. -EEXIST: another did. */
static int take_snapshot(struct ioctx *p, const struct spec *parent, const struct look *l,
			 bool patient, struct deadline deadline, struct clone_source *out)
{
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_writable_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *name = next_name(l);
	uint64_t snap_id;
	int r = name ? rbd_open_by_id(p->io, l->info.id, &image, NULL) : -ENOMEM;

	if (r < 0) {
		image = NULL;
		return r;
	}
	r = session_check_room(p->session, p->pool_id);
	if (!r && may_fit_by_now(image, l, patient, deadline))
		return -EEXIST;
	if (!r)
		r = rbd_snap_create(image, name);
	FAILPOINT("clone.snapshotted");
	if (!r)
		r = rbd_snap_get_id(image, name, &snap_id);
	if (!r)
		r = image_layout(p, image, &info);
	if (!r)
		r = clone_source_make(&info, parent, snap_id, name, out);
	if (!r)
		out->created = true;
	return r;
}

/* Say what went wrong with PARENT when looking or taking. */
static int fail(struct ioctx *p, const struct spec *parent, int r, struct err **e)
{
	_cleanup_free_ char *name = spec_format(parent);
	rbd_image_t image = NULL;
	uint8_t old = 0;

	if (r != -ENOENT)
		return session_fail(p->session, r, e, "find a snapshot of '%s' to clone", name);
	if (!rbd_open_read_only(p->io, parent->image, &image, NULL)) {
		rbd_get_old_format(image, &old);
		image_close_later(image);
	}
	return old ? refuse_format1(parent, e) : ioctx_missing(p, parent, e);
}

/* Of a head that is erased in part nobody wants a clone. */
static int refuse_half_wiped(const struct look *l, const struct spec *parent, struct err **e)
{
	_cleanup_free_ char *noted = image_note(l->image, NOTE_WIPE), *name = NULL;

	if (!noted)
		return 0;
	name = spec_format(parent);
	err_set(e, ERR_FAILED, -EUCLEAN,
		"'%s' is erased in part: a wipe of it is under way, or was cut short", name);
	return err_hint(e,
			"'rbdvol wipe %s --algorithm trim' completes it; of a snapshot that it has "
			"a clone can be made (%s@SNAP)",
			name, name);
}

/* 1: *out; 0: look again; or negative with *e. */
static int choose_once(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		       uint64_t child_size, bool patient, struct deadline deadline,
		       struct clone_source *out, struct err **e)
{
	_cleanup_look_ struct look l = {0};
	int r = look_at(p, parent, &l);

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
		return fail(p, parent, r, e);
	r = limits_check_snapshot(p, parent, l.info.id, e);
	if (r < 0)
		return r;
	r = take_snapshot(p, parent, &l, patient, deadline, out);
	if (!r)
		return 1;
	return r == -EEXIST || r == -ENOENT ? 0 : fail(p, parent, r, e);
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

int snapshot_choose(struct snapshot_cache *cache, struct ioctx *p, const struct spec *parent,
		    uint64_t child_size, struct deadline deadline, struct clone_source *out,
		    struct err **e)
{
	if (recall(cache, p, parent, out)) {
		int r = check_size(parent, out->size_bytes, child_size, e);

		if (r < 0)
			clone_source_deinit(out);
		return r;
	}
	for (unsigned i = 1; i <= LOOKS_MAX && !deadline_passed(deadline); i++) {
		int r = choose_once(cache, p, parent, child_size, i <= LOOKS_PATIENT, deadline, out,
				    e);

		if (r)
			return r < 0 ? r : 0;
		usleep(i * LOOK_AGAIN_US);
	}
	return fail_looks(parent, deadline_passed(deadline), e);
}

int snapshot_named(struct ioctx *p, const struct spec *parent, uint64_t child_size,
		   struct clone_source *out, struct err **e)
{
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *name = spec_format(parent);
	uint64_t snap_id = 0;
	int r = rbd_open_read_only(p->io, parent->image, &image, parent->snap);

	if (r < 0)
		image = NULL;
	if (!r)
		r = image_layout(p, image, &info);
	if (!r && !*info.id)
		return refuse_format1(parent, e);
	if (!r)
		r = rbd_snap_get_id(image, parent->snap, &snap_id);
	if (r == -ENOENT)
		return ioctx_missing(p, parent, e);
	if (r < 0)
		return session_fail(p->session, r, e, "look at '%s'", name);
	r = check_size(parent, info.size_bytes, child_size, e);
	if (r < 0)
		return r;
	return clone_source_make(&info, parent, snap_id, parent->snap, out) < 0 ? err_oom(e) : 0;
}
