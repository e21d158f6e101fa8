/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random sequences of what may be done to an image, by rbd, by other clients and by us, on images
 * of few small objects, weighted toward states that are rare in use. Clones made in between are
 * compared with head byte by byte; what wipe, reset and resize leave, with a model of it.
 *
 * Usage: test-model [SEQUENCES [SEED]] (or in the environment): sequences of each profile; without,
 * as many as fit into a few seconds for each. A failure tells how to run its sequence alone. */
#include <errno.h>
#include <unistd.h>

#include "ceph/cls.h"
#include "rbd/change.h"
#include "rbd/object-map.h"
#include "rbd/reset.h"
#include "rbd/snapshot-cache.h"
#include "rbd/wipe.h"
#include "tests/cluster/lab.h"

#define ORDER	     13
#define OBJECT_BYTES (UINT64_C(1) << ORDER)
#define OBJECTS_MAX  6
#define BYTES_MAX    (OBJECTS_MAX * OBJECT_BYTES)
#define SNAPS_MAX    64
#define OWNER	     "0123456789abcdef"
#define PROFILE_US   (3 * USEC_PER_SEC)

#define LOCKED UINT64_C(5)  /* layering, exclusive-lock */
#define MAPPED UINT64_C(13) /* and object-map */
#define PLAIN  UINT64_C(1)

static struct {
	unsigned long sequences; /* of each profile; 0: until PROFILE_US is over */
	uint64_t seed;
	uint64_t random;
	unsigned long clones;
	unsigned images;
	uint8_t base[BYTES_MAX]; /* what the parent of some images has */
} run;

/* What is done in this sequence, told when it fails. */
static struct {
	char text[8192];
	size_t len;
} story;

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(story.text + story.len, sizeof(story.text) - story.len, format, ap);
	va_end(ap);
	if (n > 0 && story.len + (size_t)n < sizeof(story.text))
		story.len += (size_t)n;
}

static unsigned below(unsigned n)
{
	run.random ^= run.random << 13;
	run.random ^= run.random >> 7;
	run.random ^= run.random << 17;
	return (unsigned)(run.random >> 20) % n;
}

static bool once_in(unsigned n)
{
	return !below(n);
}

/* An image under test; NAME may come to mean another in a sequence. */
struct subject {
	char name[32];
	uint64_t features;
	unsigned objects;
	bool child;	    /* of the base */
	rbd_image_t writer; /* NULL: nobody has it open */
	char kept_away[32]; /* another, that the name may be changed with; "": none yet */
};

static rbd_image_t open_writer(struct subject *s)
{
	if (!s->writer && rbd_open(lab.io, s->name, &s->writer, NULL) < 0)
		s->writer = NULL;
	assert_non_null(s->writer);
	return s->writer;
}

static void close_writer(struct subject *s)
{
	if (s->writer)
		rbd_close(s->writer);
	s->writer = NULL;
}

static void fill(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)below(256);
}

static void make_of(const char *name, uint64_t size, uint64_t features, bool child)
{
	rbd_image_options_t o;

	rbd_image_options_create(&o);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FORMAT, 2);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FEATURES, features);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_ORDER, ORDER);
	if (child)
		rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_CLONE_FORMAT, 2);
	assert_int_equal(child ? rbd_clone3(lab.io, "base", "s", lab.io, name, o)
			       : rbd_create4(lab.io, name, size, o),
			 0);
	rbd_image_options_destroy(o);
}

static void make(struct subject *s)
{
	static uint8_t data[BYTES_MAX];
	uint64_t size = s->objects * OBJECT_BYTES;

	snprintf(s->name, sizeof(s->name), "i%u", run.images++);
	make_of(s->name, size, s->features, s->child);
	if (s->child)
		return;
	fill(data, size);
	assert_int_equal(rbd_write(open_writer(s), 0, size, (const char *)data), (int)size);
	close_writer(s);
}

/* One of its objects is a hole. */
static void make_base(void)
{
	rbd_image_t image;

	make_of("base", BYTES_MAX, FAST_FEATURES, false);
	image = open_image("base");
	run.random = run.seed | 1;
	fill(run.base, sizeof(run.base));
	memset(run.base + OBJECT_BYTES, 0, OBJECT_BYTES);
	assert_int_equal(rbd_write(image, 0, OBJECT_BYTES, (const char *)run.base), OBJECT_BYTES);
	for (uint64_t at = 2 * OBJECT_BYTES; at < BYTES_MAX; at += OBJECT_BYTES)
		assert_int_equal(rbd_write(image, at, OBJECT_BYTES, (const char *)run.base + at),
				 OBJECT_BYTES);
	assert_int_equal(rbd_snap_create(image, "s"), 0);
	rbd_close(image);
}

/* What the image or snapshot reads now; its size. */
static uint64_t read_all(const char *name, const char *snap, uint8_t *data)
{
	rbd_image_t image = NULL;
	uint64_t size;

	assert_int_equal(rbd_open_read_only(lab.io, name, &image, snap), 0);
	assert_int_equal(rbd_get_size(image, &size), 0);
	assert_true(size <= BYTES_MAX);
	assert_int_equal(rbd_read(image, 0, size, (char *)data), (int)size);
	rbd_close(image);
	return size;
}

/* --- what may be done to an image: 0 or negative, which matters to nobody --- */

static int act_rewrite(struct subject *s)
{
	static uint8_t data[OBJECT_BYTES];
	uint64_t size, at;
	size_t len = once_in(2) ? OBJECT_BYTES : 512;
	rbd_image_t image = open_writer(s);

	if (rbd_get_size(image, &size) < 0 || size < len)
		return -EINVAL;
	at = below((unsigned)(size / len)) * len;
	fill(data, len);
	tell("@%llu+%zu", (unsigned long long)at, len);
	return (int)rbd_write(image, at, len, (const char *)data);
}

static int act_rewrite_all(struct subject *s)
{
	static uint8_t data[BYTES_MAX];
	uint64_t size;

	if (rbd_get_size(open_writer(s), &size) < 0)
		return -EINVAL;
	fill(data, size);
	return (int)rbd_write(s->writer, 0, size, (const char *)data);
}

static int act_zero(struct subject *s)
{
	uint64_t at = below(s->objects) * OBJECT_BYTES;

	tell("@%llu", (unsigned long long)at);
	return (int)(once_in(2) ? rbd_discard(open_writer(s), at, OBJECT_BYTES)
				: rbd_write_zeroes(open_writer(s), at, OBJECT_BYTES / 2, 0, 0));
}

static int act_snapshot(struct subject *s)
{
	char name[32];
	int r = 0;

	for (unsigned i = 1 + once_in(2); !r && i; i--) {
		snprintf(name, sizeof(name), "s%u", run.images++);
		tell(" %s", name);
		r = rbd_snap_create(open_writer(s), name);
	}
	return r;
}

/* One of the image's, at random; "": it has none. */
static void pick_snapshot(struct subject *s, char *name, size_t size)
{
	rbd_snap_info_t snaps[SNAPS_MAX];
	int max = SNAPS_MAX, n = rbd_snap_list(open_writer(s), snaps, &max);

	snprintf(name, size, "%s", n > 0 ? snaps[below((unsigned)n)].name : "");
	tell(" %s", name);
	if (n > 0)
		rbd_snap_list_end(snaps);
}

static int act_rollback(struct subject *s)
{
	char snap[128];

	pick_snapshot(s, snap, sizeof(snap));
	return *snap ? rbd_snap_rollback(s->writer, snap) : -ENOENT;
}

/* Where a map calls an object absent that is there, head reads differently with and without the
 * lock: there is no telling what a clone must be. */
static bool hides_an_object(const char *map_id, const rbd_image_info_t *info)
{
	struct object_map map;
	bool hides = false;
	char object[128];
	uint64_t size;
	time_t when;

	if (object_map_load(lab.io, map_id, &map) < 0)
		return true;
	for (uint64_t i = 0; i < map.n; i++) {
		snprintf(object, sizeof(object), "%s.%016llx", info->block_name_prefix,
			 (unsigned long long)i);
		hides |= !object_map_has(&map, i) && !rados_stat(lab.io, object, &size, &when);
	}
	object_map_deinit(&map);
	return hides;
}

static int roll_object_back(const rbd_image_info_t *info, uint64_t snap_id)
{
	char object[128];
	int r;

	snprintf(object, sizeof(object), "%s.%016x", info->block_name_prefix, 0);
	rados_ioctx_selfmanaged_snap_set_write_ctx(lab.io, snap_id, &snap_id, 1);
	r = rados_ioctx_selfmanaged_snap_rollback(lab.io, object, snap_id);
	rados_ioctx_selfmanaged_snap_set_write_ctx(lab.io, 0, NULL, 0);
	return r;
}

/* A rollback that is interrupted: the map of the snapshot, and the objects of head, but for one. */
static int act_cut_rollback(struct subject *s)
{
	static char map[4096];
	char snap[128], id[64], of_head[96], of_snap[128];
	struct snapshot_state state;
	rbd_image_info_t info;
	uint64_t snap_id;
	int n;

	pick_snapshot(s, snap, sizeof(snap));
	if (!*snap || rbd_snap_get_id(s->writer, snap, &snap_id) < 0 ||
	    rbd_get_id(s->writer, id, sizeof(id)) < 0 ||
	    cls_snapshot_state(lab.io, id, snap_id, &state) < 0 ||
	    rbd_resize(s->writer, state.size_bytes) < 0 ||
	    rbd_stat(s->writer, &info, sizeof(info)) < 0)
		return -ENOENT;
	close_writer(s);
	snprintf(of_head, sizeof(of_head), "rbd_object_map.%s", id);
	snprintf(of_snap, sizeof(of_snap), "%s.%016llx", of_head, (unsigned long long)snap_id);
	if (hides_an_object(of_snap + strlen("rbd_object_map."), &info))
		return -EAGAIN;
	n = rados_read(lab.io, of_snap, map, sizeof(map), 0);
	if (n <= 0 || rados_write_full(lab.io, of_head, map, (size_t)n) < 0)
		return -ENOENT;
	return once_in(2) ? 0 : roll_object_back(&info, snap_id);
}

static int act_remove_snapshot(struct subject *s)
{
	char snap[128];

	pick_snapshot(s, snap, sizeof(snap));
	return *snap ? rbd_snap_remove(s->writer, snap) : -ENOENT;
}

static int act_resize(struct subject *s)
{
	uint64_t size, other;
	int r;

	if (rbd_get_size(open_writer(s), &size) < 0)
		return -EINVAL;
	other = once_in(3) ? 0 : (1 + below(OBJECTS_MAX * 2)) * OBJECT_BYTES / 2;
	tell(" %llu", (unsigned long long)other);
	r = rbd_resize(s->writer, other);
	if (r < 0 || (other && once_in(3))) /* librbd makes no clone of size 0 */
		return r;
	tell(" and back");
	return rbd_resize(s->writer, size);
}

static int act_flatten(struct subject *s)
{
	return rbd_flatten(open_writer(s));
}

static int act_map_off(struct subject *s)
{
	return rbd_update_features(open_writer(s), RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF,
				   0);
}

static int ignore(uint64_t done, uint64_t total, void *arg)
{
	(void)done, (void)total, (void)arg;
	return 0;
}

static int act_map_on(struct subject *s)
{
	int r = rbd_update_features(open_writer(s), RBD_FEATURE_EXCLUSIVE_LOCK, 1);

	(void)r; /* it may have it */
	r = rbd_update_features(s->writer, RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF, 1);
	if (once_in(4))
		return r;
	tell(" and rebuild");
	return rbd_rebuild_object_map(s->writer, ignore, NULL);
}

static int act_lock(struct subject *s)
{
	return rbd_lock_acquire(open_writer(s), RBD_LOCK_MODE_EXCLUSIVE);
}

/* Another image gets the name; the first one may get it back later. */
static int act_exchange(struct subject *s)
{
	struct subject other = *s;
	char aside[sizeof(s->kept_away)];
	int r;

	close_writer(s);
	other.writer = NULL;
	if (!*s->kept_away) {
		make(&other);
		memcpy(s->kept_away, other.name, sizeof(aside));
	}
	snprintf(aside, sizeof(aside), "a%u", run.images++);
	r = rbd_rename(lab.io, s->name, aside);
	if (!r)
		r = rbd_rename(lab.io, s->kept_away, s->name);
	if (!r)
		memcpy(s->kept_away, aside, sizeof(aside));
	assert_int_equal(r, 0);
	return 0;
}

static int act_mirror(struct subject *s)
{
	int r = rbd_mirror_image_enable2(open_writer(s), RBD_MIRROR_IMAGE_MODE_SNAPSHOT);

	(void)r; /* it may be */
	r = rbd_mirror_image_demote(s->writer);
	if (!r)
		r = rbd_mirror_image_promote(s->writer, once_in(2));
	close_writer(s);
	if (!once_in(3))
		return r;
	tell(" and disable");
	return rbd_mirror_image_disable(open_writer(s), true);
}

/* As a daemon that was started again, or on another host. */
static int act_forget(struct subject *s)
{
	const struct snapshot_cache_key key = {rados_ioctx_get_id(lab.io), "", s->name};

	snapshot_cache_forget(snapshot_cache_of(lab.cluster), &key);
	return 0;
}

static int act_clone(struct subject *s)
{
	static uint8_t head[BYTES_MAX], copy[BYTES_MAX];
	_cleanup_clone_result_ struct clone_result result = {0};
	uint64_t size, got;
	char child[32];

	if (s->writer)
		rbd_flush(s->writer);
	size = read_all(s->name, NULL, head);
	snprintf(child, sizeof(child), "c%u", run.images++);
	clone_ok(s->name, child, &result);
	run.clones++;
	tell(" of %s%s", result.parent.snap, result.snapshot_created ? ", new" : "");
	got = read_all(child, NULL, copy);
	if (got != size || memcmp(copy, head, size))
		fail_msg("clone %lu is not what head was", run.clones);
	return 0;
}

static const struct act {
	const char *name;
	int (*act)(struct subject *s);
} acts[] = {
	{"clone", act_clone},
	{"rewrite", act_rewrite},
	{"rewrite all", act_rewrite_all},
	{"zero", act_zero},
	{"snapshot", act_snapshot},
	{"rollback", act_rollback},
	{"cut rollback", act_cut_rollback},
	{"remove snapshot", act_remove_snapshot},
	{"resize", act_resize},
	{"flatten", act_flatten},
	{"map off", act_map_off},
	{"map on", act_map_on},
	{"lock", act_lock},
	{"exchange", act_exchange},
	{"mirror", act_mirror},
	{"forget", act_forget},
};

struct profile {
	const char *name;
	uint64_t features;
	bool child;
	bool open;			    /* a writer may stay while a clone is made */
	unsigned objects;		    /* to begin with */
	unsigned acts;			    /* in a sequence */
	unsigned weights[ARRAY_SIZE(acts)]; /* in the order of the acts */
};

/* Few objects, all written, so that a state is likely in which no object was written. */
static const struct profile profiles[] = {
	/*				 c  w  W  z  s  r  x  d  z  f  o  m  l  e  m  f */
	{"rollback", FAST_FEATURES, 0, 0, 2, 20, {8, 1, 6, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
	{"cut", FAST_FEATURES, 0, 0, 2, 9, {8, 3, 5, 2, 5, 2, 5, 1, 0, 0, 0, 0, 1, 0, 0, 2}},
	{"mixed", FAST_FEATURES, 0, 1, 3, 10, {9, 5, 2, 3, 4, 3, 1, 3, 3, 0, 1, 1, 2, 2, 0, 3}},
	{"resize", FAST_FEATURES, 1, 0, 2, 8, {8, 1, 1, 1, 3, 3, 0, 1, 7, 1, 0, 0, 1, 0, 0, 2}},
	{"child", PLAIN, 1, 0, 2, 8, {8, 1, 1, 2, 3, 3, 0, 1, 5, 2, 0, 0, 0, 0, 0, 1}},
	{"maps", FAST_FEATURES, 0, 1, 2, 10, {8, 3, 3, 1, 4, 4, 1, 1, 0, 0, 4, 6, 1, 0, 0, 2}},
	{"without fast-diff",
	 MAPPED,
	 0,
	 1,
	 2,
	 14,
	 {8, 3, 4, 1, 4, 4, 2, 1, 1, 0, 0, 0, 2, 1, 0, 2}},
	{"without map", LOCKED, 0, 1, 2, 9, {8, 3, 4, 1, 4, 4, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1}},
	{"mirror", FAST_FEATURES, 0, 0, 2, 8, {8, 2, 4, 0, 3, 4, 0, 1, 1, 0, 0, 0, 0, 0, 3, 2}},
};

static unsigned pick(const unsigned *weights, unsigned n)
{
	unsigned all = 0, i = 0;

	for (unsigned k = 0; k < n; k++)
		all += weights[k];
	for (unsigned at = below(all); at >= weights[i]; i++)
		at -= weights[i];
	return i;
}

static void sequence(const struct profile *p)
{
	struct subject s = {.features = p->features, .objects = p->objects, .child = p->child};

	make(&s);
	for (unsigned i = 0; i < p->acts; i++) {
		const struct act *a = &acts[pick(p->weights, ARRAY_SIZE(acts))];

		tell("\n#   %s", a->name);
		tell(": %d", a->act(&s));
		if (!p->open || once_in(2))
			close_writer(&s);
	}
	tell("\n#   clone");
	act_clone(&s);
	close_writer(&s);
}

/* --- wipe, reset and resize --- */

struct volume {
	struct subject s;
	uint8_t data[BYTES_MAX]; /* what it must read */
	uint64_t size;
	char snap[32]; /* the one that it has; "": none */
	uint8_t snap_data[BYTES_MAX];
	uint64_t snap_size;
};

static void volume_write(struct volume *v, struct err **e)
{
	size_t len = once_in(2) ? OBJECT_BYTES : 512;
	uint64_t at;

	(void)e;
	if (v->size < len)
		return;
	at = below((unsigned)(v->size / len)) * len;
	fill(v->data + at, len);
	assert_int_equal(rbd_write(open_writer(&v->s), at, len, (const char *)v->data + at),
			 (int)len);
}

static void volume_wipe(struct volume *v, struct err **e)
{
	struct usage before, after;
	const struct wipe_options options = {
		.algorithm = once_in(2) ? WIPE_TRIM : WIPE_ZERO,
		.despite_snapshots = once_in(2),
		.before = &before,
		.after = &after,
	};
	int r = image_wipe(lab.cluster, at(v->s.name), &options, e);

	tell(" %s%s", options.algorithm == WIPE_TRIM ? "trim" : "zero",
	     options.despite_snapshots ? " despite snapshots" : "");
	if (*v->snap && !options.despite_snapshots)
		return assert_fails(r, e, (*e)->kind, -ENOTEMPTY, NULL);
	assert_done(r, *e);
	memset(v->data, 0, v->size);
}

/* Refused without a parent that shows, and with a snapshot. */
static void volume_reset(struct volume *v, struct err **e)
{
	uint64_t overlap = 0;
	int r;

	if (rbd_get_overlap(open_writer(&v->s), &overlap) < 0)
		overlap = 0;
	close_writer(&v->s);
	r = image_reset(lab.cluster, at(v->s.name), OWNER, deadline_in(60 * USEC_PER_SEC), e);
	if (overlap && !*v->snap) {
		assert_done(r, *e);
		memcpy(v->data, run.base, v->size);
		return;
	}
	assert_true(r == -EINVAL || r == -ENOTEMPTY);
	err_free(steal(e));
}

static void volume_grow(struct volume *v, struct err **e)
{
	uint64_t size = v->size + below((unsigned)(BYTES_MAX - v->size) / 512 + 1) * 512;

	tell(" to %llu", (unsigned long long)size);
	assert_done(image_grow(lab.cluster, at(v->s.name), size, e), *e);
	memset(v->data + v->size, 0, size - v->size);
	v->size = size;
}

/* No verb of ours does, but others may before one of ours. */
static void volume_shrink(struct volume *v, struct err **e)
{
	uint64_t size = v->size - below((unsigned)v->size / 512 + 1) * 512;

	(void)e;
	tell(" to %llu", (unsigned long long)size);
	assert_int_equal(rbd_resize(open_writer(&v->s), size), 0);
	v->size = size;
}

static int ignore_permille(unsigned permille, void *arg)
{
	(void)permille, (void)arg;
	return 0;
}

static void volume_flatten(struct volume *v, struct err **e)
{
	char *gone = NULL;

	assert_done(
		image_flatten(lab.cluster, at(v->s.name), ignore_permille, NULL, NULL, &gone, e),
		*e);
	free(gone);
}

static void volume_sparsify(struct volume *v, struct err **e)
{
	assert_done(image_sparsify(lab.cluster, at(v->s.name), ignore_permille, NULL, e), *e);
}

static void volume_snapshot(struct volume *v, struct err **e)
{
	if (*v->snap) {
		assert_int_equal(rbd_snap_remove(open_writer(&v->s), v->snap), 0);
		*v->snap = '\0';
		return;
	}
	snprintf(v->snap, sizeof(v->snap), "s%u", run.images++);
	assert_done(image_snapshot(lab.cluster, at(v->s.name), v->snap, e), *e);
	memcpy(v->snap_data, v->data, v->size);
	v->snap_size = v->size;
}

static const struct volume_act {
	const char *name;
	void (*act)(struct volume *v, struct err **e);
	unsigned weight;
} volume_acts[] = {
	{"write", volume_write, 6},	  {"wipe", volume_wipe, 4},
	{"reset", volume_reset, 3},	  {"grow", volume_grow, 3},
	{"shrink", volume_shrink, 3},	  {"flatten", volume_flatten, 1},
	{"sparsify", volume_sparsify, 1}, {"snapshot", volume_snapshot, 3},
};

static void volume_check(const struct volume *v)
{
	static uint8_t got[BYTES_MAX];

	if (read_all(v->s.name, NULL, got) != v->size || memcmp(got, v->data, v->size))
		fail_msg("the image is not what it must be");
	if (*v->snap && (read_all(v->s.name, v->snap, got) != v->snap_size ||
			 memcmp(got, v->snap_data, v->snap_size)))
		fail_msg("its snapshot is not what it must be");
}

static void volume_sequence(const struct profile *p)
{
	static struct volume v;
	unsigned weights[ARRAY_SIZE(volume_acts)];

	v = (struct volume){.s = {.features = p->features, .objects = p->objects, .child = true},
			    .size = BYTES_MAX};
	memcpy(v.data, run.base, sizeof(v.data));
	make(&v.s);
	for (unsigned i = 0; i < ARRAY_SIZE(weights); i++)
		weights[i] = volume_acts[i].weight;
	for (unsigned i = 0; i < p->acts; i++) {
		const struct volume_act *a = &volume_acts[pick(weights, ARRAY_SIZE(weights))];
		struct err *e = NULL;

		tell("\n#   %s", a->name);
		a->act(&v, &e);
		close_writer(&v.s);
		volume_check(&v);
	}
}

static const struct profile volume_profiles[] = {
	{"volume", .features = FAST_FEATURES, .acts = 12},
	{"volume, plain", .features = PLAIN, .acts = 12},
};

/* --- */

static void play(const struct profile *p, void (*one)(const struct profile *p))
{
	uint64_t began = clock_now_us();
	unsigned long n = 0, clones = run.clones;

	for (; run.sequences ? n < run.sequences : clock_now_us() - began < PROFILE_US; n++) {
		run.random = (run.seed + n) * UINT64_C(0x9e3779b97f4a7c15) | 1;
		story.len = 0;
		tell("# %s, sequence %lu; again with: test-model 1 %llu", p->name, n,
		     (unsigned long long)(run.seed + n));
		one(p);
	}
	story.len = 0;
	print_message("# %s: %lu sequences, %lu clones\n", p->name, n, run.clones - clones);
}

static void clones_are_what_head_was(void **state)
{
	play(*state, sequence);
}

static void volumes_are_what_was_done_to_them(void **state)
{
	play(*state, volume_sequence);
}

static int tell_story(void **state)
{
	(void)state;
	if (story.len)
		print_message("%s\n", story.text);
	return 0;
}

static int setup(void **state)
{
	int r = lab_setup(state);

	lab_configure("mon", "paxos_propose_interval", "0.01");
	lab_configure("mon", "paxos_min_wait", "0.01");
	rados_conf_set(lab.rados, "rbd_discard_granularity_bytes", "0");
	rados_conf_set(lab.rados, "rbd_skip_partial_discard", "false");
	assert_int_equal(rbd_mirror_mode_set(lab.io, RBD_MIRROR_MODE_IMAGE), 0);
	make_base();
	return r;
}

static int teardown(void **state)
{
	lab_configure("mon", "paxos_min_wait", NULL);
	return lab_teardown(state);
}

int main(int argc, char **argv)
{
	const char *sequences = argc > 1 ? argv[1] : getenv("SEQUENCES");
	const char *seed = argc > 2 ? argv[2] : getenv("SEED");
	struct CMUnitTest tests[ARRAY_SIZE(profiles) + ARRAY_SIZE(volume_profiles)];
	size_t n = 0;

	run.sequences = sequences ? strtoul(sequences, NULL, 10) : 0;
	run.seed = seed && *seed ? strtoull(seed, NULL, 10)
				 : clock_now_us() ^ (uint64_t)getpid() << 32;
	print_message("# SEED=%llu\n", (unsigned long long)run.seed);
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		tests[n++] = (struct CMUnitTest){profiles[i].name, clones_are_what_head_was, NULL,
						 tell_story, (void *)&profiles[i]};
	for (size_t i = 0; i < ARRAY_SIZE(volume_profiles); i++)
		tests[n++] = (struct CMUnitTest){volume_profiles[i].name,
						 volumes_are_what_was_done_to_them, NULL,
						 tell_story, (void *)&volume_profiles[i]};
	return cmocka_run_group_tests_name("model", tests, setup, teardown);
}
