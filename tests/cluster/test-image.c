/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images made, looked at, listed and deleted. */
#include <errno.h>
#include <pthread.h>
#include <rbd/features.h>
#include <sched.h>

#include "ceph/close.h"
#include "rbd/conf.h"
#include "rbd/delete.h"
#include "rbd/errors.h"
#include "rbd/leftover.h"
#include "rbd/list.h"
#include "rbd/tree.h"
#include "tests/cluster/lab.h"

static uint64_t dropped;

static void create_show_delete(void **state)
{
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_free_ char *snap = NULL;
	struct err *e = NULL;

	(void)state;
	assert_done(image_create(lab.cluster, at("empty"), 24 * MIB, ALL_FEATURES, &dropped, &e),
		    e);
	assert_done(image_info(lab.cluster, at("empty"), &info, &e), e);
	assert_int_equal(info.size_bytes, 24 * MIB);
	assert_int_equal(info.object_size_bytes, 4 * MIB);
	assert_int_equal(info.features, FAST_FEATURES);
	assert_int_equal(info.snap_id, SNAP_HEAD);
	assert_null(info.parent.image);
	assert_null(info.from);
	assert_null(info.data_pool);
	assert_true(info.created > 1600000000);
	assert_true(*info.id);
	assert_fails(image_create(lab.cluster, at("empty"), MIB, ALL_FEATURES, &dropped, &e), &e,
		     ERR_EXISTS, -EEXIST, "empty", NULL);
	assert_done(image_delete(lab.cluster, at("empty"), NULL, &snap, &e), e);
	assert_null(snap);
	assert_fails(image_delete(lab.cluster, at("empty"), NULL, &snap, &e), &e, ERR_NOT_FOUND,
		     -ENOENT, "no image", NULL);
}

static void features_are_limited_to_what_is_allowed(void **state)
{
	_cleanup_image_info_ struct image_info info = {0};
	struct err *e = NULL;

	(void)state;
	assert_done(image_create(lab.cluster, at("simple"), MIB,
				 RBD_FEATURE_LAYERING | RBD_FEATURE_OBJECT_MAP, &dropped, &e),
		    e);
	assert_int_equal(dropped, FAST_FEATURES & ~RBD_FEATURE_LAYERING);
	assert_done(image_info(lab.cluster, at("simple"), &info, &e), e);
	assert_int_equal(info.features, RBD_FEATURE_LAYERING);
}

static void set_pool_option(const char *option, const char *value)
{
	char key[128];

	snprintf(key, sizeof(key), "conf_%s", option);
	assert_int_equal(value ? rbd_pool_metadata_set(lab.io, key, value)
			       : rbd_pool_metadata_remove(lab.io, key),
			 0);
}

/* As 'rbd create' has it. */
static void the_pool_s_options_are_followed(void **state)
{
	_cleanup_image_info_ struct image_info info = {0}, within = {0};
	_cleanup_free_ char *own = NULL, *of_pool = NULL, *none = NULL;
	struct err *e = NULL;
	rbd_image_t image;
	char in_ns[128];

	(void)state;
	set_pool_option("rbd_default_features", "1");
	set_pool_option("rbd_default_order", "20");
	set_pool_option("rbd_default_map_options", "nocrc");
	assert_done(image_create(lab.cluster, at("plain"), MIB, ALL_FEATURES, &dropped, &e), e);
	assert_int_equal(dropped, 0);
	assert_done(image_info(lab.cluster, at("plain"), &info, &e), e);
	assert_int_equal(info.features, RBD_FEATURE_LAYERING);
	assert_int_equal(info.object_size_bytes, MIB);
	assert_int_equal(rbd_namespace_create(lab.io, "conf"), 0);
	snprintf(in_ns, sizeof(in_ns), "%s/conf/plain", lab.pool);
	assert_done(image_create(lab.cluster, at(in_ns), MIB, ALL_FEATURES, &dropped, &e), e);
	assert_done(image_info(lab.cluster, at(in_ns), &within, &e), e);
	assert_int_equal(within.features, RBD_FEATURE_LAYERING);
	assert_done(image_conf(lab.cluster, at(in_ns), "rbd_default_map_options", &of_pool, &e), e);
	assert_string_equal(of_pool, "nocrc");
	image = open_image("plain");
	assert_int_equal(rbd_metadata_set(image, "conf_rbd_default_map_options", "queue_depth=7"),
			 0);
	rbd_close(image);
	assert_done(image_conf(lab.cluster, at("plain"), "rbd_default_map_options", &own, &e), e);
	assert_string_equal(own, "queue_depth=7");
	set_pool_option("rbd_default_features", NULL);
	set_pool_option("rbd_default_order", NULL);
	set_pool_option("rbd_default_map_options", NULL);
	assert_done(image_conf(lab.cluster, at(in_ns), "rbd_default_map_options", &none, &e), e);
	assert_string_equal(none, "");
}

static void a_snapshot_is_looked_at_as_such(void **state)
{
	_cleanup_image_info_ struct image_info info = {0};
	struct err *e = NULL;
	rbd_image_t image;

	(void)state;
	make_image("snapped", 8 * MIB, FAST_FEATURES);
	take_snapshot("snapped", "s");
	image = open_image("snapped");
	assert_int_equal(rbd_resize(image, 16 * MIB), 0);
	rbd_close(image);
	assert_done(image_info(lab.cluster, at("snapped@s"), &info, &e), e);
	assert_int_equal(info.size_bytes, 8 * MIB);
	assert_int_not_equal(info.snap_id, SNAP_HEAD);
	assert_int_equal(info.snapshots, 1);
}

static void what_is_missing_is_named(void **state)
{
	struct image_info info = {0};
	struct strlist list = {0};
	_cleanup_free_ char *ns = NULL;
	struct err *e = NULL;

	(void)state;
	assert_true(asprintf(&ns, "%s/nons/x", lab.pool) > 0);
	assert_fails(image_info(lab.cluster, at("nopool/x"), &info, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no pool 'nopool'", NULL);
	assert_fails(image_info(lab.cluster, at(ns), &info, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no namespace 'nons'", NULL);
	assert_fails(image_info(lab.cluster, at("noimage"), &info, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no image", "noimage", NULL);
	assert_fails(image_info(lab.cluster, at("snapped@nosnap"), &info, &e), &e, ERR_NOT_FOUND,
		     -ENOENT, "no snapshot 'nosnap'", NULL);
	assert_fails(image_create(lab.cluster, at(ns), MIB, ALL_FEATURES, &dropped, &e), &e,
		     ERR_NOT_FOUND, -ENOENT, "no namespace", NULL);
	assert_fails(image_list(lab.cluster, "nopool", &list, NULL, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no pool 'nopool'", NULL);
}

static bool listed(const struct strlist *l, const char *ns, const char *image)
{
	char text[256];

	snprintf(text, sizeof(text), "%s/%s%s%s", lab.pool, ns, *ns ? "/" : "", image);
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i], text))
			return true;
	return false;
}

static void lists_know_namespaces_and_hide_the_hidden(void **state)
{
	_cleanup_strlist_ struct strlist of_pool = {0}, of_all = {0};
	struct err *e = NULL;
	char name[64], in_ns[128];

	(void)state;
	assert_int_equal(rbd_namespace_create(lab.io, "ns1"), 0);
	snprintf(in_ns, sizeof(in_ns), "%s/ns1/inside", lab.pool);
	assert_done(image_create(lab.cluster, at(in_ns), MIB, ALL_FEATURES, &dropped, &e), e);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "i%d", i);
		make_image(name, MIB, 1);
	}
	make_image(SPEC_HIDDEN_PREFIX "x.0123", MIB, 1);
	assert_done(image_list(lab.cluster, lab.pool, &of_pool, NULL, &e), e);
	assert_true(listed(&of_pool, "", "i0"));
	assert_true(listed(&of_pool, "", "i39"));
	assert_true(listed(&of_pool, "ns1", "inside"));
	assert_false(listed(&of_pool, "", SPEC_HIDDEN_PREFIX "x.0123"));
	assert_done(image_list(lab.cluster, NULL, &of_all, NULL, &e), e);
	assert_true(listed(&of_all, "ns1", "inside"));
	assert_true(of_all.n >= of_pool.n);
}

static void a_namespace_is_listed_alone(void **state)
{
	_cleanup_strlist_ struct strlist inside = {0};
	struct err *e = NULL;
	char place[128];

	(void)state;
	snprintf(place, sizeof(place), "%s/ns1", lab.pool);
	assert_done(image_list(lab.cluster, place, &inside, NULL, &e), e);
	assert_int_equal(inside.n, 1);
	assert_true(listed(&inside, "ns1", "inside"));
}

/* Rows of rbd/errors.def that hold whatever the state of image and pool: the reason and the remedy
 * are told, and the latter names the image. (tests/guest/compat.sh has the others, with their
 * states.) */
static void each_error_has_its_reason_and_remedy(void **state)
{
	static const struct {
		enum call call;
		int code;
		unsigned state;
		enum err_kind kind;
		const char *hint;
	} rows[] = {
#define CALL_ERROR(call, code, state, kind, why, hint) {call, code, state, kind, hint},
#include "rbd/errors.def"
#undef CALL_ERROR
	};
	_cleanup_free_ char *named = NULL;
	_cleanup_ioctx_ struct ioctx p = {0};
	struct err *e = NULL;

	(void)state;
	assert_true(asprintf(&named, "%s/absent", lab.pool) > 0);
	assert_done(ioctx_open(lab.cluster, lab.pool, "", &p, &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].state)
			continue;
		assert_int_equal(image_fail(&p, rows[i].call, "absent", 0, -rows[i].code, &e, "do"),
				 -rows[i].code);
		assert_int_equal(e->kind, rows[i].kind);
		assert_non_null(e->hint);
		assert_true(strlen(e->message) > strlen("do: "));
		if (strstr(rows[i].hint, "%s"))
			assert_non_null(strstr(e->hint, named));
		err_free(steal(&e));
	}
}

/* Of pools without the application rbd those are seen that have images, or namespaces. */
static void pools_without_the_application_are_seen(void **state)
{
	_cleanup_strlist_ struct strlist all = {0}, hidden = {0};
	char pool[96], inside[128], name[128];
	struct err *e = NULL;
	rados_ioctx_t io;

	(void)state;
	snprintf(pool, sizeof(pool), "%s-bare", lab.pool);
	assert_int_equal(rados_pool_create(lab.rados, pool), 0);
	assert_int_equal(rados_ioctx_create(lab.rados, pool, &io), 0);
	assert_int_equal(rados_application_enable(io, pool, 1), 0);
	assert_int_equal(rbd_namespace_create(io, "n"), 0);
	snprintf(inside, sizeof(inside), "%s/n/inside", pool);
	assert_done(image_create(lab.cluster, at(inside), MIB, ALL_FEATURES, &dropped, &e), e);
	assert_done(image_list(lab.cluster, NULL, &all, NULL, &e), e);
	assert_true(strlist_has(&all, inside));
	snprintf(name, sizeof(name), "%s/.rbdvol-x.cut", pool);
	assert_int_equal(rbd_create(io, ".rbdvol-x.cut", MIB, &(int){0}), 0);
	assert_done(image_list_hidden(lab.cluster, NULL, &hidden, &e), e);
	assert_true(strlist_has(&hidden, name));
	rados_ioctx_destroy(io);
	assert_int_equal(rados_pool_delete(lab.rados, pool), 0);
}

static void what_is_in_use_is_not_deleted(void **state)
{
	_cleanup_free_ char *snap = NULL;
	struct err *e = NULL;
	rbd_image_t image;

	(void)state;
	assert_fails(image_delete(lab.cluster, at("snapped"), NULL, &snap, &e), &e, ERR_BUSY,
		     -ENOTEMPTY, "1 snapshot: s", NULL);
	make_image("open", MIB, FAST_FEATURES);
	image = open_image("open");
	assert_fails(image_delete(lab.cluster, at("open"), NULL, &snap, &e), &e, ERR_HELD, -EBUSY,
		     "10.99.0.1:0/", NULL);
	rbd_close(image);
	assert_done(image_delete(lab.cluster, at("open"), NULL, &snap, &e), e);
}

static void the_last_child_takes_our_snapshot_along(void **state)
{
	_cleanup_free_ char *first = NULL, *last = NULL, *foreign = NULL, *golden = NULL;
	struct err *e = NULL;
	rbd_image_t image;

	(void)state;
	make_image("golden", 8 * MIB, FAST_FEATURES);
	clone_expect("golden", "c1", true);
	clone_expect("golden", "c2", false);
	assert_done(image_delete(lab.cluster, at("c1"), NULL, &first, &e), e);
	assert_null(first);
	assert_fails(image_delete(lab.cluster, at("golden"), NULL, &golden, &e), &e, ERR_BUSY,
		     -ENOTEMPTY, our_snapshot("golden", 0), NULL);
	assert_done(image_delete(lab.cluster, at("c2"), NULL, &last, &e), e);
	assert_non_null(strstr(last, "/golden@rbdvol-0-"));
	assert_int_equal(count_snapshots("golden"), 0);
	take_snapshot("golden", "by-hand");
	clone_expect("golden", "c3", false);
	assert_done(image_delete(lab.cluster, at("c3"), NULL, &foreign, &e), e);
	assert_null(foreign);
	assert_int_equal(count_snapshots("golden"), 1);
	image = open_image("golden");
	assert_int_equal(rbd_snap_remove(image, "by-hand"), 0);
	rbd_close(image);
	assert_done(image_delete(lab.cluster, at("golden"), NULL, &golden, &e), e);
}

static void names_that_are_odd_are_just_names(void **state)
{
	static const char *const names[] = {"a,b",  "q\"uo'te", "ünïcödé-✓",
					    "%s%n", "-dash",	"a=b;c"};
	struct image_info info = {0};
	struct err *e = NULL;
	char *snap = NULL, *back;

	(void)state;
	make_image("odd-golden", MIB, FAST_FEATURES);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct clone_result r = {0};

		clone_ok("odd-golden", names[i], &r);
		clone_result_deinit(&r);
		assert_done(image_info(lab.cluster, at(names[i]), &info, &e), e);
		back = spec_format(&info.parent);
		assert_string_equal(back, info.from);
		free(back);
		image_info_deinit(&info);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_done(image_delete(lab.cluster, at(names[i]), NULL, &snap, &e), e);
		assert_int_equal(!!snap, i + 1 == ARRAY_SIZE(names));
		free(snap);
	}
}

#define OPENERS 6
#define OPENS	500

struct opener {
	pthread_t thread;
	rados_ioctx_t io;
	unsigned done;
};

static void *open_often(void *arg)
{
	struct opener *me = arg;

	for (int i = 0; i < OPENS; i++) {
		_cleanup_image_ rbd_image_t image = NULL;

		me->done += !rbd_open_read_only(me->io, "often", &image, "s");
	}
	return NULL;
}

/* Threads that are started from now on, too, until it is undone. */
static void run_on_one_processor(cpu_set_t *before)
{
	cpu_set_t one;

	assert_int_equal(sched_getaffinity(0, sizeof(*before), before), 0);
	CPU_ZERO(&one);
	for (int cpu = 0; !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, before))
			CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* Closed right after they were opened, by several threads of one processor: librbd with more than
 * one thread of librados aborts then, see rbd/cluster.c. */
static void images_are_opened_and_closed_at_once(void **state)
{
	struct opener openers[OPENERS] = {0};
	struct cluster *cluster = lab_cluster();
	struct ioctx place = {0};
	struct err *e = NULL;
	cpu_set_t before;

	(void)state;
	make_image("often", MIB, FAST_FEATURES);
	take_snapshot("often", "s");
	run_on_one_processor(&before);
	assert_done(ioctx_open(cluster, lab.pool, "", &place, &e), e);
	for (size_t i = 0; i < OPENERS; i++) {
		openers[i].io = place.io;
		assert_int_equal(pthread_create(&openers[i].thread, NULL, open_often, &openers[i]),
				 0);
	}
	for (size_t i = 0; i < OPENERS; i++) {
		pthread_join(openers[i].thread, NULL);
		assert_int_equal(openers[i].done, OPENS);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	ioctx_deinit(&place);
	cluster_unref(cluster);
}

/* After *ARG looks the time is over. */
static int count_down(void *arg)
{
	unsigned *left = arg;

	return *left ? (*left -= 1, 0) : -ETIMEDOUT;
}

static void a_look_that_has_no_time_left_says_so(void **state)
{
	unsigned left = 2;
	const struct check go_on = {count_down, &left};
	_cleanup_hold_ struct hold mine = {0};
	_cleanup_leftovers_ struct leftovers found = {0};
	const struct leftover_query q = {.pool = lab.pool, .mine = &mine, .go_on = go_on};
	struct tree_image tree;
	struct err *e = NULL;

	(void)state;
	mine.host = strdup("0123456789abcdef0123456789abcdef");
	mine.boot_id = strdup("");
	mine.host_name = strdup("");
	mine.client_address = strdup("");
	make_image("slow", MIB, FAST_FEATURES);
	take_snapshot("slow", "s");
	clone_expect("slow", "slow-1", false);
	clone_expect("slow", "slow-2", false);
	assert_fails(image_tree(lab.cluster, at("slow"), &go_on, &tree, &e), &e, ERR_UNREACHABLE,
		     -ETIMEDOUT, "no time left to look at all that depends on", "slow", "--timeout",
		     NULL);
	left = 1;
	assert_fails(leftovers_find(lab.cluster, &q, &found, &e), &e, ERR_UNREACHABLE, -ETIMEDOUT,
		     "no time left to look for what is left over of", "--timeout", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_show_delete),
		cmocka_unit_test(features_are_limited_to_what_is_allowed),
		cmocka_unit_test(the_pool_s_options_are_followed),
		cmocka_unit_test(a_snapshot_is_looked_at_as_such),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(lists_know_namespaces_and_hide_the_hidden),
		cmocka_unit_test(a_namespace_is_listed_alone),
		cmocka_unit_test(each_error_has_its_reason_and_remedy),
		cmocka_unit_test(pools_without_the_application_are_seen),
		cmocka_unit_test(what_is_in_use_is_not_deleted),
		cmocka_unit_test(the_last_child_takes_our_snapshot_along),
		cmocka_unit_test(names_that_are_odd_are_just_names),
		cmocka_unit_test(images_are_opened_and_closed_at_once),
		cmocka_unit_test(a_look_that_has_no_time_left_says_so),
	};

	return cmocka_run_group_tests_name("image", tests, lab_setup, lab_teardown);
}
