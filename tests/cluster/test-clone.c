/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clones: what the child is like, and what is refused. */
#include <errno.h>

#include "ceph/cls.h"
#include "rbd/delete.h"
#include "rbd/feature-bits.h"
#include "rbd/name.h"
#include "rbd/note.h"
#include "rbd/origin.h"
#include "tests/cluster/lab.h"

static struct clone_options options = {
	.features_allowed = ALL_FEATURES, .format = 2, .owner = "0123456789abcdef"};

static int clone_try(const char *parent, const char *child, struct clone_result *out,
		     struct err **e)
{
	return clone_create(lab.cluster, at(parent), at(child), &options,
			    deadline_in(60 * USEC_PER_SEC), out, e);
}

static void child_has_the_parent_s_content_and_lineage(void **state)
{
	_cleanup_clone_result_ struct clone_result result = {0};
	_cleanup_image_info_ struct image_info info = {0};
	struct err *e = NULL;
	uint64_t began;

	(void)state;
	make_image("golden", 64 * MIB, FAST_FEATURES);
	write_at("golden", 5 * MIB, "golden content");
	clone_ok("golden", "c1", &result);
	assert_true(result.snapshot_created);
	assert_string_equal(result.parent.image, "golden");
	assert_int_equal(result.features_dropped, 0);
	assert_reads("c1", 5 * MIB, "golden content");
	assert_done(image_info(lab.cluster, at("c1"), &info, &e), e);
	assert_string_equal(info.parent.pool, lab.pool);
	assert_string_equal(info.parent.image, "golden");
	assert_string_equal(info.parent.snap, result.parent.snap);
	assert_int_equal(info.size_bytes, 64 * MIB);
	assert_int_equal(info.overlap_bytes, 64 * MIB);
	assert_int_equal(info.features & FAST_FEATURES, FAST_FEATURES);
	assert_non_null(info.from);
	assert_non_null(strstr(info.from, "/golden@rbdvol-"));
	began = clock_now_us();
	clone_expect("golden", "c2", false);
	print_message("# reusing clone, full look: %llu us\n",
		      (unsigned long long)(clock_now_us() - began));
	began = clock_now_us();
	clone_expect("golden", "c3", false);
	print_message("# reusing clone, remembered: %llu us\n",
		      (unsigned long long)(clock_now_us() - began));
	assert_int_equal(count_snapshots("golden"), 1);
	assert_int_equal(count_hidden(), 0);
}

static void a_repeated_clone_finds_the_first(void **state)
{
	_cleanup_clone_result_ struct clone_result again = {0}, pinned = {0};
	struct err *e = NULL;
	char *name;

	(void)state;
	clone_ok("golden", "c1", &again);
	assert_true(again.existed);
	assert_false(again.snapshot_created);
	name = spec_format(&again.parent);
	assert_done(clone_try(name, "c1", &pinned, &e), e);
	assert_true(pinned.existed);
	free(name);
}

static void another_image_of_that_name_is_left_alone(void **state)
{
	struct clone_result result = {0};
	struct err *e = NULL;

	(void)state;
	make_image("other", 8 * MIB, FAST_FEATURES);
	assert_fails(clone_try("golden", "other", &result, &e), &e, ERR_EXISTS, -EEXIST, "other",
		     "golden", NULL);
	assert_fails(clone_try("other", "c1", &result, &e), &e, ERR_EXISTS, -EEXIST, "c1", NULL);
	assert_int_equal(count_snapshots("other"), 0);
	assert_int_equal(count_hidden(), 0);
}

static void a_named_snapshot_is_cloned_as_it_is(void **state)
{
	_cleanup_clone_result_ struct clone_result result = {0};

	(void)state;
	make_image("versions", 16 * MIB, FAST_FEATURES);
	write_at("versions", 0, "one");
	take_snapshot("versions", "v1");
	write_at("versions", 0, "two");
	clone_ok("versions@v1", "of-v1", &result);
	assert_false(result.snapshot_created);
	assert_string_equal(result.parent.snap, "v1");
	assert_reads("of-v1", 0, "one");
	assert_int_equal(count_snapshots("versions"), 1);
}

static void note_wipe(const char *name)
{
	rbd_image_t image = open_image(name);

	assert_int_equal(rbd_metadata_set(image, NOTE_WIPE, "16777216"), 0);
	rbd_close(image);
}

static void a_half_wiped_head_is_not_cloned(void **state)
{
	struct clone_result result = {0};
	struct err *e = NULL;

	(void)state;
	make_image("erased", 16 * MIB, FAST_FEATURES);
	note_wipe("erased");
	assert_fails(clone_try("erased", "of-erased", &result, &e), &e, ERR_FAILED, -EUCLEAN,
		     "erased in part", "rbdvol wipe", NULL);
	assert_int_equal(count_snapshots("erased"), 0);
	assert_int_equal(count_hidden(), 0);
}

/* librbd copies the parent's metadata, and a wipe of the child by its size would cut it off. */
static void a_wipe_of_the_parent_is_none_of_the_child(void **state)
{
	_cleanup_clone_result_ struct clone_result result = {0};
	_cleanup_image_info_ struct image_info info = {0};
	struct err *e = NULL;

	(void)state;
	note_wipe("versions");
	clone_ok("versions@v1", "untouched", &result);
	assert_reads("untouched", 0, "one");
	assert_done(image_info(lab.cluster, at("untouched"), &info, &e), e);
	assert_false(info.wiping);
	assert_non_null(info.from);
}

static void what_is_missing_is_named(void **state)
{
	struct clone_result r = {0};
	struct err *e = NULL;

	(void)state;
	assert_fails(clone_try("nopool/golden", "x", &r, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no pool 'nopool'", NULL);
	assert_fails(clone_try("golden", "nopool/x", &r, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no pool 'nopool'", NULL);
	assert_fails(clone_try("nogolden", "x", &r, &e), &e, ERR_NOT_FOUND, -ENOENT, "no image",
		     "nogolden", NULL);
	assert_fails(clone_try("golden@nosnap", "x", &r, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no snapshot 'nosnap'", NULL);

	_cleanup_free_ char *in_ns = NULL, *child_ns = NULL;

	assert_true(asprintf(&in_ns, "%s/nons/golden", lab.pool) > 0);
	assert_true(asprintf(&child_ns, "%s/nons/x", lab.pool) > 0);
	assert_fails(clone_try(in_ns, "x", &r, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no namespace 'nons'", NULL);
	assert_fails(clone_try("golden", child_ns, &r, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no namespace 'nons'", NULL);
	assert_int_equal(count_hidden(), 0);
}

static void a_parent_of_format_1_is_refused(void **state)
{
	struct clone_result r = {0};
	struct err *e = NULL;
	rbd_image_options_t o;

	(void)state;
	setenv("RBD_FORCE_ALLOW_V1", "1", 1);
	rbd_image_options_create(&o);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FORMAT, 1);
	assert_int_equal(rbd_create4(lab.io, "old", 8 * MIB, o), 0);
	rbd_image_options_destroy(o);
	assert_fails(clone_try("old", "x", &r, &e), &e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		     "operation not supported", "format 1", "rbd import", NULL);
	take_snapshot("old", "s");
	assert_fails(clone_try("old@s", "x", &r, &e), &e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		     "operation not supported", NULL);
	assert_int_equal(count_snapshots("old"), 1);
}

static void the_child_may_be_elsewhere(void **state)
{
	_cleanup_clone_result_ struct clone_result r1 = {0}, r2 = {0};
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_free_ char *in_ns = NULL;
	struct err *e = NULL;
	char pool[80], text[96];
	rados_ioctx_t io;

	(void)state;
	assert_int_equal(rbd_namespace_create(lab.io, "team"), 0);
	assert_true(asprintf(&in_ns, "%s/team/c", lab.pool) > 0);
	clone_ok("golden", in_ns, &r1);
	assert_done(image_info(lab.cluster, at(in_ns), &info, &e), e);
	assert_string_equal(info.parent.ns, "");
	assert_string_equal(info.parent.image, "golden");

	snprintf(pool, sizeof(pool), "%s-b", lab.pool);
	assert_int_equal(rados_pool_create(lab.rados, pool), 0);
	assert_int_equal(rados_ioctx_create(lab.rados, pool, &io), 0);
	rbd_pool_init(io, true);
	snprintf(text, sizeof(text), "%s/c", pool);
	clone_ok("golden", text, &r2);
	assert_false(r2.snapshot_created);
	rados_ioctx_destroy(io);
	char *snap = NULL;
	assert_done(image_delete(lab.cluster, at(text), NULL, &snap, &e), e);
	free(snap);
	rados_pool_delete(lab.rados, pool);
}

static void a_larger_size_is_there_from_the_start(void **state)
{
	_cleanup_clone_result_ struct clone_result r = {0}, none = {0};
	_cleanup_image_info_ struct image_info info = {0};
	struct err *e = NULL;

	(void)state;
	options.size_bytes = 128 * MIB;
	assert_done(clone_try("golden", "large", &r, &e), e);
	assert_done(image_info(lab.cluster, at("large"), &info, &e), e);
	assert_int_equal(info.size_bytes, 128 * MIB);
	assert_int_equal(info.overlap_bytes, 64 * MIB);
	assert_int_equal(count_snapshots("golden"), 1);
	write_at("golden", 0, "change");
	options.size_bytes = 32 * MIB;
	assert_fails(clone_try("golden", "small", &none, &e), &e, ERR_USAGE, -EINVAL, "smaller",
		     NULL);
	assert_int_equal(count_snapshots("golden"), 1);
	options.size_bytes = 0;
}

static void features_that_are_not_allowed_are_dropped(void **state)
{
	_cleanup_clone_result_ struct clone_result r = {0};
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_free_ char *dropped = NULL;
	struct err *e = NULL;

	(void)state;
	make_image("journaled", 8 * MIB, FAST_FEATURES | RBD_FEATURE_JOURNALING);
	options.features_allowed =
		RBD_FEATURE_LAYERING | RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_FAST_DIFF;
	assert_done(clone_try("journaled", "plain", &r, &e), e);
	options.features_allowed = ALL_FEATURES;
	dropped = image_features_format(r.features_dropped);
	assert_string_equal(dropped, "object-map,fast-diff,deep-flatten,journaling");
	assert_done(image_info(lab.cluster, at("plain"), &info, &e), e);
	assert_int_equal(info.features & ~RBD_FEATURE_OPERATIONS,
			 RBD_FEATURE_LAYERING | RBD_FEATURE_EXCLUSIVE_LOCK);
}

static void layout_is_inherited(void **state)
{
	_cleanup_clone_result_ struct clone_result r = {0};
	_cleanup_image_info_ struct image_info info = {0};
	rbd_image_options_t o;
	struct err *e = NULL;
	char pool[80];

	(void)state;
	snprintf(pool, sizeof(pool), "%s-data", lab.pool);
	assert_int_equal(rados_pool_create(lab.rados, pool), 0);
	rbd_image_options_create(&o);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_ORDER, 20);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_STRIPE_UNIT, 65536);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_STRIPE_COUNT, 4);
	rbd_image_options_set_string(o, RBD_IMAGE_OPTION_DATA_POOL, pool);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FEATURES, FAST_FEATURES);
	assert_int_equal(rbd_create4(lab.io, "striped", 16 * MIB, o), 0);
	rbd_image_options_destroy(o);
	assert_done(clone_try("striped", "striped-c", &r, &e), e);
	clone_expect("striped", "striped-d", false);
	assert_done(image_info(lab.cluster, at("striped-d"), &info, &e), e);
	assert_int_equal(info.object_size_bytes, MIB);
	assert_int_equal(info.stripe_unit_bytes, 65536);
	assert_int_equal(info.stripe_count, 4);
	assert_string_equal(info.data_pool, pool);
	assert_int_equal(rados_pool_delete(lab.rados, pool), 0);
}

static void set_option(rados_ioctx_t io, const char *option, const char *value)
{
	char key[128];

	snprintf(key, sizeof(key), "conf_%s", option);
	assert_int_equal(rbd_pool_metadata_set(io, key, value), 0);
}

/* In a pool of its own the data of a clone is where that pool's is, as 'rbd clone' has it; order
 * and striping stay the parent's there, too. */
static void data_in_another_pool_is_that_pool_s(void **state)
{
	_cleanup_clone_result_ struct clone_result r = {0}, again = {0};
	_cleanup_image_info_ struct image_info own = {0}, set = {0};
	char data[80], fast[80], own_name[96], set_name[96];
	rbd_image_options_t o;
	struct err *e = NULL;
	rados_ioctx_t io;

	(void)state;
	snprintf(data, sizeof(data), "%s-ec", lab.pool);
	snprintf(fast, sizeof(fast), "%s-fast", lab.pool);
	snprintf(own_name, sizeof(own_name), "%s/own", fast);
	snprintf(set_name, sizeof(set_name), "%s/set", fast);
	assert_int_equal(rados_pool_create(lab.rados, data), 0);
	assert_int_equal(rados_pool_create(lab.rados, fast), 0);
	assert_int_equal(rados_ioctx_create(lab.rados, fast, &io), 0);
	rbd_pool_init(io, true);
	rbd_image_options_create(&o);
	rbd_image_options_set_string(o, RBD_IMAGE_OPTION_DATA_POOL, data);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FEATURES, FAST_FEATURES);
	assert_int_equal(rbd_create4(lab.io, "on-ec", 16 * MIB, o), 0);
	rbd_image_options_destroy(o);
	assert_done(clone_try("on-ec", own_name, &r, &e), e);
	assert_int_equal(r.features_dropped, 0);
	assert_done(image_info(lab.cluster, at(own_name), &own, &e), e);
	assert_null(own.data_pool);
	assert_int_equal(own.features & RBD_FEATURE_DATA_POOL, 0);
	set_option(io, "rbd_default_data_pool", data);
	set_option(io, "rbd_default_stripe_unit", "65536");
	set_option(io, "rbd_default_stripe_count", "4");
	assert_done(clone_try("on-ec", set_name, &again, &e), e);
	assert_done(image_info(lab.cluster, at(set_name), &set, &e), e);
	assert_string_equal(set.data_pool, data);
	assert_int_equal(set.stripe_count, 1);
	assert_int_equal(set.features & RBD_FEATURE_STRIPINGV2, 0);
	rados_ioctx_destroy(io);
	assert_int_equal(rados_pool_delete(lab.rados, fast), 0);
	assert_int_equal(rados_pool_delete(lab.rados, data), 0);
}

static void the_format_is_the_configured_one(void **state)
{
	_cleanup_clone_result_ struct clone_result r1 = {0}, r2 = {0};
	struct err *e = NULL;
	rbd_image_t image;
	int is_protected = 0;

	(void)state;
	make_image("conf-1", 8 * MIB, FAST_FEATURES);
	options.format = 0;
	set_option(lab.io, "rbd_default_clone_format", "1");
	assert_done(clone_try("conf-1", "conf-1-c", &r1, &e), e);
	set_option(lab.io, "rbd_default_clone_format", "auto");
	make_image("conf-2", 8 * MIB, FAST_FEATURES);
	assert_done(clone_try("conf-2", "conf-2-c", &r2, &e), e);
	options.format = 2;
	image = open_image("conf-1");
	assert_int_equal(rbd_snap_is_protected(image, r1.parent.snap, &is_protected), 0);
	rbd_close(image);
	assert_true(is_protected);
	image = open_image("conf-2");
	assert_int_equal(rbd_snap_is_protected(image, r2.parent.snap, &is_protected), 0);
	rbd_close(image);
	assert_false(is_protected);
	assert_int_equal(rbd_pool_metadata_remove(lab.io, "conf_rbd_default_clone_format"), 0);
}

static rbd_image_options_t clone_format_2(void)
{
	static rbd_image_options_t o;

	if (!o) {
		rbd_image_options_create(&o);
		rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_CLONE_FORMAT, 2);
	}
	return o;
}

static void assert_same(const char *parent, const char *child)
{
	struct err *e = NULL;
	int r = image_is_clone_of(lab.cluster, at(child), at(parent), &e);

	if (r != 1)
		fail_msg("%s is not a clone of %s: %d %s", child, parent, r, e ? e->message : "");
}

static void assert_other(const char *parent, const char *child)
{
	struct err *e = NULL;

	assert_int_equal(image_is_clone_of(lab.cluster, at(child), at(parent), &e), 0);
}

static void flatten(const char *name)
{
	rbd_image_t image = open_image(name);

	assert_int_equal(rbd_flatten(image), 0);
	rbd_close(image);
}

/* The golden image of last month gets another name, and a new one its name. */
static void a_renamed_parent_is_still_the_parent(void **state)
{
	_cleanup_clone_result_ struct clone_result r = {0}, pinned = {0}, copied = {0};
	struct err *e = NULL;

	(void)state;
	make_image("month", 8 * MIB, FAST_FEATURES);
	take_snapshot("month", "v 1/2@3");
	clone_ok("month", "m-web", &r);
	assert_string_equal(r.parent.snap, "v 1/2@3");
	clone_ok("m-web", "m-copy", &copied);
	/* librbd copies the notes, too. */
	assert_int_equal(rbd_clone3(lab.io, "m-web", copied.parent.snap, lab.io, "m-inherits",
				    clone_format_2()),
			 0);
	assert_other("month", "m-inherits");
	assert_int_equal(rbd_rename(lab.io, "month", "last month"), 0);
	for (int flattened = 0; flattened < 2; flattened++) {
		assert_same("month", "m-web");
		assert_same("last month", "m-web");
		assert_other("golden", "m-web");
		if (flattened)
			break;
		make_image("month", 8 * MIB, FAST_FEATURES);
		assert_same("month", "m-web");
		assert_other("month", "m-copy");
		flatten("m-web");
	}
	assert_done(clone_try("last month", "m-web", &pinned, &e), e);
	assert_true(pinned.existed);
	/* What was copied with another image's notes says nothing of where that came from. */
	assert_int_equal(
		rbd_clone3(lab.io, "last month", "v 1/2@3", lab.io, "m-by-hand", clone_format_2()),
		0);
	assert_other("month", "m-by-hand");
	assert_same("last month", "m-by-hand");
}

static void format_1_protects_and_delete_unprotects(void **state)
{
	_cleanup_clone_result_ struct clone_result r = {0};
	_cleanup_free_ char *gone = NULL;
	rbd_image_t image;
	struct err *e = NULL;
	int is_protected = 0;

	(void)state;
	make_image("g1", 8 * MIB, FAST_FEATURES);
	options.format = 1;
	assert_done(clone_try("g1", "g1-c", &r, &e), e);
	options.format = 2;
	image = open_image("g1");
	assert_int_equal(rbd_snap_is_protected(image, r.parent.snap, &is_protected), 0);
	rbd_close(image);
	assert_true(is_protected);
	assert_done(image_delete(lab.cluster, at("g1-c"), NULL, &gone, &e), e);
	assert_non_null(gone);
	assert_int_equal(count_snapshots("g1"), 0);
}

/* A hidden image of a dead predecessor, and each of the two states between the changes that make a
 * clone appear: done by hand, so that each is met for sure. */
static void what_a_cut_leaves_is_completed(void **state)
{
	static const char *const owner = "0123456789abcdef";
	_cleanup_free_ char *hidden = name_hidden("cut", owner), *id = NULL, *listed = NULL;
	_cleanup_clone_result_ struct clone_result r = {0};

	(void)state;
	for (int cut = 0; cut < 3; cut++) {
		rbd_image_t image = NULL;

		make_image(hidden, 8 * MIB, FAST_FEATURES);
		assert_int_equal(cls_image_id(lab.io, hidden, &id), 0);
		assert_int_equal(rbd_remove(lab.io, hidden), 0);
		clone_expect("golden", "cut", cut == 0);
		free(id);
		assert_int_equal(cls_image_id(lab.io, "cut", &id), 0);
		/* Go back by 3, 2 or 1 changes. */
		assert_int_equal(cls_name_create(lab.io, hidden, id), 0);
		if (cut < 2)
			assert_int_equal(cls_directory_rename(lab.io, "cut", hidden, id), 0);
		if (cut < 1)
			assert_int_equal(cls_name_remove_of(lab.io, "cut", id), 0);
		clone_ok("golden", "cut", &r);
		assert_int_equal(r.existed, cut > 0);
		clone_result_deinit(&r);
		assert_int_equal(count_hidden(), 0);
		assert_int_equal(rbd_open_read_only(lab.io, "cut", &image, NULL), 0);
		rbd_close(image);
		free(id);
		id = NULL;
		assert_int_equal(cls_image_id(lab.io, "cut", &id), 0);
		assert_int_equal(cls_directory_name(lab.io, id, &listed), 0);
		assert_string_equal(listed, "cut");
		free(id);
		id = NULL;
		free(listed);
		listed = NULL;
		assert_int_equal(rbd_remove(lab.io, "cut"), 0);
	}
}

/* Such as one that was begun before a reload, or as another user. */
static void another_connection_of_this_process_is_not_blocklisted(void **state)
{
	const char *hidden = SPEC_HIDDEN_PREFIX "twin.0123456789abcdef";
	_cleanup_cluster_ struct cluster *other = lab_cluster();
	_cleanup_ioctx_ struct ioctx p = {0};
	struct clone_result result = {0};
	struct err *e = NULL;
	rbd_image_t image;

	(void)state;
	make_image("model", 8 * MIB, FAST_FEATURES);
	make_image(hidden, 8 * MIB, FAST_FEATURES);
	assert_done(ioctx_open(other, lab.pool, "", &p, &e), e);
	assert_int_equal(rbd_open(p.io, hidden, &image, NULL), 0);
	assert_fails(clone_try("model", "twin", &result, &e), &e, ERR_BUSY, -EALREADY, "under way",
		     NULL);
	assert_int_equal(rbd_write(image, 0, 3, "one"), 3);
	assert_int_equal(rbd_close(image), 0);
	/* It has data now, which no clone under way has. */
	assert_fails(clone_try("model", "twin", &result, &e), &e, ERR_EXISTS, -EUCLEAN,
		     "is in the way", NULL);
	assert_reads(hidden, 0, "one");
	assert_int_equal(rbd_remove(lab.io, hidden), 0);
	clone_expect("model", "twin", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_has_the_parent_s_content_and_lineage),
		cmocka_unit_test(a_repeated_clone_finds_the_first),
		cmocka_unit_test(another_image_of_that_name_is_left_alone),
		cmocka_unit_test(a_named_snapshot_is_cloned_as_it_is),
		cmocka_unit_test(a_half_wiped_head_is_not_cloned),
		cmocka_unit_test(a_wipe_of_the_parent_is_none_of_the_child),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(a_parent_of_format_1_is_refused),
		cmocka_unit_test(the_child_may_be_elsewhere),
		cmocka_unit_test(a_larger_size_is_there_from_the_start),
		cmocka_unit_test(features_that_are_not_allowed_are_dropped),
		cmocka_unit_test(layout_is_inherited),
		cmocka_unit_test(data_in_another_pool_is_that_pool_s),
		cmocka_unit_test(the_format_is_the_configured_one),
		cmocka_unit_test(a_renamed_parent_is_still_the_parent),
		cmocka_unit_test(format_1_protects_and_delete_unprotects),
		cmocka_unit_test(what_a_cut_leaves_is_completed),
		cmocka_unit_test(another_connection_of_this_process_is_not_blocklisted),
	};

	return cmocka_run_group_tests_name("clone", tests, lab_setup, lab_teardown);
}
