/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which changes of a golden image call for a new snapshot, and which do not: each row is done to an
 * image whose newest snapshot was just cloned, twice, so that the second look was remembered. */
#include <errno.h>

#include "ceph/compat.h"
#include "ceph/ioctx.h"
#include "ceph/wire.h"
#include "rbd/snapshot-cache.h"
#include "rbd/snapshot.h"
#include "tests/cluster/lab.h"

#define SIZE	     (64 * MIB)
#define PLAIN	     UINT64_C(1) /* layering only: no object map */
#define OBJECT_BYTES (4 * MIB)

static void nothing(rbd_image_t i)
{
	(void)i;
}

static void write_new(rbd_image_t i)
{
	assert_int_equal(rbd_write(i, 40 * MIB, 4, "new!"), 4);
}

static void write_over(rbd_image_t i)
{
	assert_int_equal(rbd_write(i, 0, 4, "over"), 4);
}

static void write_the_same(rbd_image_t i)
{
	assert_int_equal(rbd_write(i, 0, 4, "base"), 4);
}

static void discard_object(rbd_image_t i)
{
	assert_int_equal(rbd_discard(i, 8 * MIB, OBJECT_BYTES), OBJECT_BYTES);
}

static void discard_hole(rbd_image_t i)
{
	assert_int_equal(rbd_discard(i, 48 * MIB, OBJECT_BYTES), OBJECT_BYTES);
}

static void zero_part(rbd_image_t i)
{
	assert_int_equal(rbd_write_zeroes(i, 0, 65536, 0, 0), 65536);
}

static void grow(rbd_image_t i)
{
	assert_int_equal(rbd_resize(i, SIZE + 8 * MIB), 0);
}

static void shrink_empty(rbd_image_t i)
{
	assert_int_equal(rbd_resize(i, SIZE - 8 * MIB), 0);
}

static void shrink_data(rbd_image_t i)
{
	assert_int_equal(rbd_resize(i, OBJECT_BYTES), 0);
}

static void shrink_and_back(rbd_image_t i)
{
	assert_int_equal(rbd_resize(i, 0), 0);
	assert_int_equal(rbd_resize(i, SIZE), 0);
}

static void read_and_note(rbd_image_t i)
{
	char buf[64];

	assert_int_equal(rbd_read(i, 0, sizeof(buf), buf), sizeof(buf));
	assert_int_equal(rbd_metadata_set(i, "owner", "somebody"), 0);
}

static const struct change {
	const char *name;
	void (*act)(rbd_image_t image);
	bool new_snapshot;
} changes[] = {
	{"nothing", nothing, false},
	{"write where nothing was", write_new, true},
	{"write over data", write_over, true},
	{"write the same bytes", write_the_same, true},
	{"write zeroes", zero_part, true},
	{"discard an object", discard_object, true},
	{"discard a hole", discard_hole, false},
	{"grow", grow, true},
	{"shrink an empty part away", shrink_empty, true},
	{"shrink data away", shrink_data, true},
	{"shrink to nothing and back", shrink_and_back, true},
	{"read, set metadata", read_and_note, false},
};

static void serial(char *out, size_t size, const char *prefix)
{
	static unsigned n;

	snprintf(out, size, "%s%u", prefix, n++);
}

/* How each change is met on an image of these features; MEMORY: what is remembered may help. */
static void check_changes(const char *golden, uint64_t features, bool remembered)
{
	char child[32];

	make_image(golden, SIZE, features);
	write_at(golden, 0, "base");
	write_at(golden, 8 * MIB, "base");
	serial(child, sizeof(child), "c");
	clone_expect(golden, child, true);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		rbd_image_t image;

		/* Looked at in full, and proved. */
		for (int look = 0; remembered && look < 2; look++) {
			serial(child, sizeof(child), "c");
			clone_expect(golden, child, false);
		}
		image = open_image(golden);
		changes[i].act(image);
		assert_int_equal(rbd_close(image), 0);
		print_message("# %s: %s\n", golden, changes[i].name);
		serial(child, sizeof(child), "c");
		clone_expect(golden, child, changes[i].new_snapshot);
	}
}

static void changes_are_seen_with_fast_diff(void **state)
{
	(void)state;
	check_changes("golden-fast", FAST_FEATURES, true);
}

static void changes_are_seen_without_object_map(void **state)
{
	(void)state;
	check_changes("golden-plain", PLAIN, false);
}

static void a_rollback_counts_as_a_write(void **state)
{
	rbd_image_t image;

	(void)state;
	make_image("rolled", SIZE, FAST_FEATURES);
	write_at("rolled", 0, "one");
	clone_expect("rolled", "rolled-1", true);
	write_at("rolled", 0, "two");
	image = open_image("rolled");
	assert_int_equal(rbd_snap_rollback(image, our_snapshot("rolled", 0)), 0);
	rbd_close(image);
	clone_expect("rolled", "rolled-2", true);
	assert_reads("rolled-2", 0, "one");
}

/* The snapshot's map takes the place of head's, and tells of no change where nothing was written
 * between it and the one before: faults that a comparison of maps has. */
static void a_rollback_to_a_snapshot_without_changes_is_seen(void **state)
{
	rbd_image_t image;

	(void)state;
	make_image("twice", SIZE, FAST_FEATURES);
	write_at("twice", 0, "good");
	take_snapshot("twice", "first");
	take_snapshot("twice", "second");
	write_at("twice", 0, "bad!");
	clone_expect("twice", "twice-1", true);
	clone_expect("twice", "twice-2", false);
	image = open_image("twice");
	assert_int_equal(rbd_snap_rollback(image, "second"), 0);
	rbd_close(image);
	clone_expect("twice", "twice-3", true);
	assert_reads("twice-3", 0, "good");
	clone_expect("twice", "twice-4", false);
	assert_reads("twice-4", 0, "good");
	/* Nor do those help that are gone. */
	write_at("twice", 0, "bad!");
	clone_expect("twice", "twice-5", true);
	image = open_image("twice");
	assert_int_equal(rbd_snap_rollback(image, "second"), 0);
	assert_int_equal(rbd_snap_remove(image, "first"), 0);
	assert_int_equal(rbd_snap_remove(image, "second"), 0);
	rbd_close(image);
	clone_expect("twice", "twice-6", true);
	assert_reads("twice-6", 0, "good");
}

static void map_object(const char *name, const char *snap, char *out, size_t size)
{
	rbd_image_t image = open_image(name);
	uint64_t snap_id;
	char id[64];

	assert_int_equal(rbd_get_id(image, id, sizeof(id)), 0);
	snprintf(out, size, "rbd_object_map.%s", id);
	if (snap) {
		assert_int_equal(rbd_snap_get_id(image, snap, &snap_id), 0);
		snprintf(out, size, "rbd_object_map.%s.%016llx", id, (unsigned long long)snap_id);
	}
	rbd_close(image);
}

/* A rollback that is interrupted has replaced the map, and no object. */
static void a_rollback_that_was_cut_short_is_seen(void **state)
{
	static char map[65536];
	char of_head[96], of_snap[96];
	int n;

	(void)state;
	make_image("halfway", SIZE, FAST_FEATURES);
	write_at("halfway", 0, "one");
	take_snapshot("halfway", "first");
	take_snapshot("halfway", "second");
	write_at("halfway", 0, "two");
	write_at("halfway", 40 * MIB, "new");
	map_object("halfway", NULL, of_head, sizeof(of_head));
	map_object("halfway", "second", of_snap, sizeof(of_snap));
	n = rados_read(lab.io, of_snap, map, sizeof(map), 0);
	assert_true(n > 0);
	assert_int_equal(rados_write_full(lab.io, of_head, map, (size_t)n), 0);
	clone_expect("halfway", "halfway-1", true);
	assert_reads("halfway-1", 0, "two");
}

/* Of a clone without objects of its own, a shrink drops what is its parent's. */
static void a_clone_that_shrank_and_grew_again_is_seen(void **state)
{
	static const char zeros[5];
	rbd_image_t image;
	char buf[5] = "?";

	(void)state;
	make_image("base", SIZE, FAST_FEATURES);
	write_at("base", 0, "base");
	clone_expect("base", "shrunk", true);
	take_snapshot("shrunk", "s");
	clone_expect("shrunk", "shrunk-1", false);
	image = open_image("shrunk");
	assert_int_equal(rbd_resize(image, 0), 0);
	assert_int_equal(rbd_resize(image, SIZE), 0);
	rbd_close(image);
	clone_expect("shrunk", "shrunk-2", true);
	image = open_image("shrunk-2");
	assert_int_equal(rbd_read(image, 0, sizeof(buf), buf), sizeof(buf));
	assert_memory_equal(buf, zeros, sizeof(buf));
	rbd_close(image);
}

/* The choice as a daemon makes it that was just started: nothing but the cluster tells. */
static bool choose_anew(const char *name, bool *remembered)
{
	_cleanup_clone_source_ struct clone_source source = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	struct snapshot_cache cache;
	struct err *e = NULL;

	snapshot_cache_init(&cache);
	assert_done(ioctx_open(lab.cluster, lab.pool, "", &p, &e), e);
	assert_done(snapshot_choose(&cache, &p, at(name), 0, deadline_in(60 * USEC_PER_SEC),
				    &source, &e),
		    e);
	*remembered = cache.entries;
	snapshot_cache_deinit(&cache);
	return source.created;
}

static void acquire_and_release(const char *name)
{
	rbd_image_t image = open_image(name);

	assert_int_equal(rbd_lock_acquire(image, RBD_LOCK_MODE_EXCLUSIVE), 0);
	rbd_close(image);
}

/* An image whose objects cannot be compared in time, so that only what is noted can tell. */
static void what_was_taken_is_noted_for_all_hosts(void **state)
{
	const uint64_t size = 16 * 1024 * 1024 * MIB;
	bool remembered;
	rbd_image_t image;

	(void)state;
	make_image("noted", size, FAST_FEATURES);
	write_at("noted", 0, "one");
	/* Somebody else's write to the same placement group spoils a note: not always. */
	for (int i = 0; !i || !remembered; i++) {
		assert_true(choose_anew("noted", &remembered));
		assert_true(i < 10);
	}
	assert_false(choose_anew("noted", &remembered));
	assert_true(remembered);

	/* Nobody knows what was done with the lock. */
	acquire_and_release("noted");
	for (int i = 0; !i || !remembered; i++) {
		assert_true(choose_anew("noted", &remembered));
		assert_true(i < 10);
	}
	/* A size within the last object changes no map. */
	image = open_image("noted");
	assert_int_equal(rbd_resize(image, size - 4096), 0);
	rbd_close(image);
	assert_true(choose_anew("noted", &remembered));
}

/* A clone made by 'rbd clone' has the metadata of its parent. */
static void a_note_on_another_image_is_not_believed(void **state)
{
	char value[256];
	size_t len = sizeof(value);
	bool remembered;
	rbd_image_t image;
	rbd_image_options_t o;

	(void)state;
	make_image("original", SIZE, FAST_FEATURES);
	write_at("original", 0, "one");
	take_snapshot("original", "s");
	assert_false(choose_anew("original", &remembered));
	assert_true(remembered);
	rbd_image_options_create(&o);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_CLONE_FORMAT, 2);
	assert_int_equal(rbd_clone3(lab.io, "original", "s", lab.io, "copied", o), 0);
	rbd_image_options_destroy(o);
	image = open_image("copied");
	assert_int_equal(rbd_metadata_get(image, "rbdvol.same", value, &len), 0);
	rbd_close(image);
	assert_true(choose_anew("copied", &remembered));
	/* Ours does without. */
	clone_expect("original", "original-1", false);
	image = open_image("original-1");
	len = sizeof(value);
	assert_int_equal(rbd_metadata_get(image, "rbdvol.same", value, &len), -ENOENT);
	rbd_close(image);
}

/* Who has the lock may write without a trace in the map: a comparison holds for now alone. */
static void nothing_is_remembered_while_somebody_has_the_lock(void **state)
{
	bool remembered;
	rbd_image_t image;

	(void)state;
	make_image("open", SIZE, FAST_FEATURES);
	write_at("open", 0, "one");
	take_snapshot("open", "s");
	image = open_image("open");
	assert_int_equal(rbd_lock_acquire(image, RBD_LOCK_MODE_EXCLUSIVE), 0);
	assert_false(choose_anew("open", &remembered));
	assert_false(remembered);
	rbd_close(image);
	assert_false(choose_anew("open", &remembered));
	assert_true(remembered);
}

/* Its content is in the source still, and so is what its snapshots have. */
static void an_image_that_migrates_is_not_compared(void **state)
{
	rbd_image_options_t o;

	(void)state;
	make_image("source", SIZE, FAST_FEATURES);
	write_at("source", 0, "old");
	take_snapshot("source", "s");
	write_at("source", 0, "new");
	rbd_image_options_create(&o);
	assert_int_equal(rbd_migration_prepare(lab.io, "source", lab.io, "moved", o), 0);
	rbd_image_options_destroy(o);
	clone_expect("moved", "moved-1", true);
	assert_reads("moved-1", 0, "new");
}

static void a_foreign_snapshot_is_reused(void **state)
{
	(void)state;
	make_image("foreign", SIZE, FAST_FEATURES);
	write_at("foreign", 0, "one");
	take_snapshot("foreign", "by-hand");
	clone_expect("foreign", "foreign-1", false);
	write_at("foreign", 0, "two");
	clone_expect("foreign", "foreign-2", true);
	assert_int_equal(count_snapshots("foreign"), 2);
}

static void a_name_that_is_taken_is_passed_by(void **state)
{
	rbd_image_t image;
	uint64_t id;

	(void)state;
	make_image("taken", SIZE, FAST_FEATURES);
	take_snapshot("taken", "x");
	image = open_image("taken");
	assert_int_equal(rbd_snap_get_id(image, "x", &id), 0);
	assert_int_equal(rbd_snap_rename(image, "x", our_snapshot("taken", id)), 0);
	rbd_close(image);
	write_at("taken", 0, "one");
	clone_expect("taken", "taken-1", true);
	clone_expect("taken", "taken-2", false);
}

/* What is remembered is remembered by name, and librbd clones by name. */
static void snapshots_that_swap_their_names_are_not_mixed_up(void **state)
{
	rbd_image_t image;

	(void)state;
	make_image("swapped", SIZE, FAST_FEATURES);
	write_at("swapped", 0, "old");
	take_snapshot("swapped", "a");
	write_at("swapped", 0, "new");
	take_snapshot("swapped", "b");
	clone_expect("swapped", "swapped-1", false);
	clone_expect("swapped", "swapped-2", false);
	image = open_image("swapped");
	assert_int_equal(rbd_snap_rename(image, "b", "c"), 0);
	assert_int_equal(rbd_snap_rename(image, "a", "b"), 0);
	rbd_close(image);
	clone_expect("swapped", "swapped-3", false);
	assert_reads("swapped-3", 0, "new");
	assert_int_equal(count_hidden(), 0);
}

static void snapshots_of_trash_do_not_count(void **state)
{
	rbd_image_t image;

	(void)state;
	make_image("trashed", SIZE, FAST_FEATURES);
	write_at("trashed", 0, "one");
	clone_expect("trashed", "trashed-1", true);
	image = open_image("trashed");
	assert_int_equal(rbd_snap_remove(image, our_snapshot("trashed", 0)),
			 0); /* in use: goes to trash */
	rbd_close(image);
	assert_int_equal(count_snapshots("trashed"), 0);
	clone_expect("trashed", "trashed-2", true);
	clone_expect("trashed", "trashed-3", false);
	assert_int_equal(count_snapshots("trashed"), 1);
}

static void one_look_decides_among_many_snapshots(void **state)
{
	char name[32];
	uint64_t began;

	(void)state;
	make_image("many", SIZE, FAST_FEATURES);
	for (int i = 0; i < 20; i++) {
		write_at("many", 0, i % 2 ? "odd" : "even");
		snprintf(name, sizeof(name), "s%d", i);
		take_snapshot("many", name);
	}
	began = clock_now_us();
	clone_expect("many", "many-1", false);
	print_message("# reuse among 20 snapshots: %llu us\n",
		      (unsigned long long)(clock_now_us() - began));
	assert_int_equal(count_snapshots("many"), 20);
}

/* An object map that is marked invalid does not prove anything; the slow comparison still is. */
static void an_invalid_object_map_is_not_trusted(void **state)
{
	struct snapshot_cache cache;
	struct ioctx p = {0};
	struct clone_source base = {0};
	struct err *e = NULL;
	struct spec *spec = at("invalid");
	struct writer in = {0};
	const uint64_t invalid = RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID;
	rbd_image_t image;
	uint64_t flags = 0;
	char object[96], id[64];

	(void)state;
	make_image("invalid", SIZE, FAST_FEATURES);
	write_at("invalid", 0, "one");
	clone_expect("invalid", "invalid-1", true);
	clone_expect("invalid", "invalid-2", false);
	image = open_image("invalid");
	assert_int_equal(rbd_get_id(image, id, sizeof(id)), 0);
	rbd_close(image);
	snprintf(object, sizeof(object), "rbd_header.%s", id);
	write_u64(&in, invalid);
	write_u64(&in, invalid);
	write_u64(&in, LIBRADOS_SNAP_HEAD);
	assert_int_equal(rados_exec(lab.io, object, "rbd", "set_flags", (const char *)in.data,
				    in.len, NULL, 0),
			 0);
	clone_expect("invalid", "invalid-3", false);
	write_at("invalid", 0, "two");
	image = open_image("invalid");
	assert_int_equal(rbd_get_flags(image, &flags), 0);
	rbd_close(image);
	assert_true(flags & RBD_FLAG_OBJECT_MAP_INVALID);

	clone_expect("invalid", "invalid-4", true);
	assert_reads("invalid-4", 0, "two");
	snapshot_cache_init(&cache);
	assert_done(ioctx_open(lab.cluster, lab.pool, "", &p, &e), e);
	assert_done(snapshot_choose(&cache, &p, spec, 0, deadline_in(60 * USEC_PER_SEC), &base, &e),
		    e);
	assert_false(base.created);
	assert_null(cache.entries); /* fit, but nothing to remember it by */
	clone_source_deinit(&base);
	ioctx_deinit(&p);
	snapshot_cache_deinit(&cache);
}

static void choose_timed(struct snapshot_cache *m, struct ioctx *p, const char *name, bool created,
			 uint64_t *us)
{
	struct clone_source base = {0};
	struct err *e = NULL;
	uint64_t began = clock_now_us();

	assert_done(snapshot_choose(m, p, at(name), 0, deadline_in(60 * USEC_PER_SEC), &base, &e),
		    e);
	*us = clock_now_us() - began;
	assert_int_equal(base.created, created);
	clone_source_deinit(&base);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The second look costs one round trip; and an image made anew under the same name is another. */
static void what_was_seen_is_remembered_and_proved(void **state)
{
	struct snapshot_cache cache;
	struct ioctx p = {0};
	struct err *e = NULL;
	uint64_t full[11], proved[11];

	(void)state;
	make_image("proved", 1024 * MIB, FAST_FEATURES);
	write_at("proved", 0, "one");
	take_snapshot("proved", "s");
	assert_done(ioctx_open(lab.cluster, lab.pool, "", &p, &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(full); i++) {
		snapshot_cache_init(&cache);
		choose_timed(&cache, &p, "proved", false, &full[i]);
		assert_non_null(cache.entries);
		choose_timed(&cache, &p, "proved", false, &proved[i]);
		snapshot_cache_deinit(&cache);
	}
	qsort(full, ARRAY_SIZE(full), sizeof(*full), by_size);
	qsort(proved, ARRAY_SIZE(proved), sizeof(*proved), by_size);
	print_message("# median: full look %llu us, proved %llu us\n", (unsigned long long)full[5],
		      (unsigned long long)proved[5]);
	assert_true(2 * proved[5] < full[5]);

	snapshot_cache_init(&cache);
	choose_timed(&cache, &p, "proved", false, &full[0]);
	rbd_image_t image = open_image("proved");
	assert_int_equal(rbd_snap_remove(image, "s"), 0);
	rbd_close(image);
	assert_int_equal(rbd_remove(lab.io, "proved"), 0);
	make_image("proved", 1024 * MIB, FAST_FEATURES);
	choose_timed(&cache, &p, "proved", true, &full[0]);
	snapshot_cache_deinit(&cache);
	ioctx_deinit(&p);
}

static void snapshots_of_a_group_do_not_count(void **state)
{
	(void)state;
	make_image("grouped", SIZE, FAST_FEATURES);
	write_at("grouped", 0, "one");
	assert_int_equal(rbd_group_create(lab.io, "group"), 0);
	assert_int_equal(rbd_group_image_add(lab.io, "group", lab.io, "grouped"), 0);
	assert_int_equal(rbd_group_snap_create(lab.io, "group", "of-all"), 0);
	assert_int_equal(count_snapshots("grouped"), 0);
	clone_expect("grouped", "grouped-1", true);
	clone_expect("grouped", "grouped-2", false);
	/* Nor does one that is newer than ours hide it. */
	assert_int_equal(rbd_group_snap_create(lab.io, "group", "of-all-again"), 0);
	clone_expect("grouped", "grouped-3", false);
	assert_int_equal(count_snapshots("grouped"), 1);
	assert_reads("grouped-3", 0, "one");
}

/* 16 TiB are four million objects, to be asked one by one where there is no object map: that takes
 * minutes, a new snapshot does not. */
static void a_comparison_that_would_take_long_is_given_up(void **state)
{
	uint64_t began;

	(void)state;
	make_image("vast", 16 * 1024 * 1024 * MIB, PLAIN);
	write_at("vast", 0, "one");
	take_snapshot("vast", "fits");
	began = clock_now_us();
	clone_expect("vast", "vast-1", true);
	assert_true(clock_now_us() - began < 60 * USEC_PER_SEC);
	assert_reads("vast-1", 0, "one");

	make_image("small", SIZE, PLAIN);
	take_snapshot("small", "fits");
	clone_expect("small", "small-1", false);
}

/* By object maps the same is soon told; in two steps either way, each with a second of its own even
 * where all is slow. */
static void a_large_image_is_compared_in_steps(void **state)
{
	const uint64_t size = (COMPAT_FAST_DIFF ? 8 : 2) * 1024 * MIB;

	(void)state;
	make_image("mapped", size, FAST_FEATURES);
	write_at("mapped", 0, "one");
	take_snapshot("mapped", "fits");
	clone_expect("mapped", "mapped-1", false);
	write_at("mapped", size - MIB, "two");
	clone_expect("mapped", "mapped-2", true);
	assert_reads("mapped-2", size - MIB, "two");
}

static void a_deadline_that_is_over_is_said_to_be(void **state)
{
	struct snapshot_cache cache;
	struct ioctx p = {0};
	struct clone_source base = {0};
	struct err *e = NULL;

	(void)state;
	make_image("late", SIZE, FAST_FEATURES);
	snapshot_cache_init(&cache);
	assert_done(ioctx_open(lab.cluster, lab.pool, "", &p, &e), e);
	assert_fails(snapshot_choose(&cache, &p, at("late"), 0, deadline_in(0), &base, &e), &e,
		     ERR_UNREACHABLE, -ETIMEDOUT, "no time was left", "late", NULL);
	ioctx_deinit(&p);
	snapshot_cache_deinit(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_seen_with_fast_diff),
		cmocka_unit_test(changes_are_seen_without_object_map),
		cmocka_unit_test(a_rollback_counts_as_a_write),
		cmocka_unit_test(a_rollback_to_a_snapshot_without_changes_is_seen),
		cmocka_unit_test(a_rollback_that_was_cut_short_is_seen),
		cmocka_unit_test(a_clone_that_shrank_and_grew_again_is_seen),
		cmocka_unit_test(what_was_taken_is_noted_for_all_hosts),
		cmocka_unit_test(a_note_on_another_image_is_not_believed),
		cmocka_unit_test(nothing_is_remembered_while_somebody_has_the_lock),
		cmocka_unit_test(an_image_that_migrates_is_not_compared),
		cmocka_unit_test(a_foreign_snapshot_is_reused),
		cmocka_unit_test(a_name_that_is_taken_is_passed_by),
		cmocka_unit_test(snapshots_that_swap_their_names_are_not_mixed_up),
		cmocka_unit_test(snapshots_of_trash_do_not_count),
		cmocka_unit_test(one_look_decides_among_many_snapshots),
		cmocka_unit_test(an_invalid_object_map_is_not_trusted),
		cmocka_unit_test(what_was_seen_is_remembered_and_proved),
		cmocka_unit_test(snapshots_of_a_group_do_not_count),
		cmocka_unit_test(a_comparison_that_would_take_long_is_given_up),
		cmocka_unit_test(a_large_image_is_compared_in_steps),
		cmocka_unit_test(a_deadline_that_is_over_is_said_to_be),
	};

	return cmocka_run_group_tests_name("reuse", tests, lab_setup, lab_teardown);
}
