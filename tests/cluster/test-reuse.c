/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which changes of a golden image call for a new snapshot, and which don't: each row is done to an
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

/* An object map that is marked invalid is no proof; the slow comparison still is. */
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
