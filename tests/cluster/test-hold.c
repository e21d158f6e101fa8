/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds: one host at a time for writing, any number shared, renewed and taken over by their own
 * host only. */
#include <errno.h>

#include "rbd/classes.h"
#include "rbd/hold.h"
#include "tests/cluster/lab.h"

/* Two hosts: each its own connection. */
static struct cluster *host_a, *host_b;

static struct hold hold_of(const char *host, const char *address, bool shared)
{
	return (struct hold){.host = (char *)host,
			     .host_name = (char *)(*host == 'a' ? "alpha" : "beta"),
			     .boot_id = (char *)"5e5c1a4e",
			     .client_address = (char *)address,
			     .since = 1700000000,
			     .shared = shared};
}

static int setup(void **state)
{
	int r = lab_setup(state);

	host_a = lab_cluster();
	host_b = lab_cluster();
	make_image("vol", 8 * MIB, FAST_FEATURES);
	return r;
}

static int teardown(void **state)
{
	cluster_unref(host_a);
	cluster_unref(host_b);
	return lab_teardown(state);
}

static void assert_held(struct cluster *c, const char *host, const char *address)
{
	_cleanup_hold_ struct hold h = {0};
	struct err *e = NULL;
	int r = hold_get(c, at("vol"), NULL, &h, &e);

	assert_done(r, e);
	assert_int_equal(r, host ? 1 : 0);
	if (!host)
		return;
	assert_string_equal(h.host, host);
	assert_string_equal(h.client_address, address);
}

static void a_hold_is_taken_told_renewed_and_released(void **state)
{
	_cleanup_hold_ struct hold h = {0};
	struct hold mine = hold_of("aaaa", "", false);
	struct err *e = NULL;

	(void)state;
	assert_held(host_a, NULL, NULL);
	assert_done(hold_take(host_a, at("vol"), &mine, &e), e);
	assert_held(host_b, "aaaa", "");
	mine.client_address = (char *)"10.99.0.2:0/123";
	assert_done(hold_take(host_a, at("vol"), &mine, &e), e);
	assert_int_equal(hold_get(host_b, at("vol"), "bbbb", &h, &e), 1);
	assert_string_equal(h.host, "aaaa");
	assert_string_equal(h.host_name, "alpha");
	assert_string_equal(h.boot_id, "5e5c1a4e");
	assert_string_equal(h.client_address, "10.99.0.2:0/123");
	assert_int_equal(h.since, 1700000000);
	assert_false(h.shared);
	assert_done(hold_release(host_a, at("vol"), "aaaa", &e), e);
	assert_done(hold_release(host_a, at("vol"), "aaaa", &e), e);
	assert_held(host_b, NULL, NULL);
}

static void another_host_is_refused_and_told_who_has_it(void **state)
{
	struct hold a = hold_of("aaaa", "10.99.0.2:0/123", false);
	struct hold b = hold_of("bbbb", "10.99.0.3:0/456", false);
	struct hold b_shared = hold_of("bbbb", "10.99.0.3:0/456", true);
	struct err *e = NULL;

	(void)state;
	assert_done(hold_take(host_a, at("vol"), &a, &e), e);
	assert_fails(hold_take(host_b, at("vol"), &b, &e), &e, ERR_HELD, -EBUSY, "alpha",
		     "10.99.0.2:0/123", "2023-11-", NULL);
	assert_fails(hold_take(host_b, at("vol"), &b_shared, &e), &e, ERR_HELD, -EBUSY, "alpha",
		     NULL);
	assert_done(hold_release(host_b, at("vol"), "bbbb", &e), e); /* not B's: stays */
	assert_held(host_b, "aaaa", "10.99.0.2:0/123");
	assert_done(hold_release(host_a, at("vol"), "aaaa", &e), e);
	assert_done(hold_take(host_b, at("vol"), &b, &e), e);
	assert_done(hold_release(host_b, at("vol"), "bbbb", &e), e);
}

/* The daemon, or the host, started anew: another client, the same host. */
static void a_host_takes_its_own_hold_over(void **state)
{
	struct hold before = hold_of("aaaa", "10.99.0.2:0/1", false);
	struct hold after = hold_of("aaaa", "10.99.0.2:0/2", false);
	struct hold shared = hold_of("aaaa", "10.99.0.2:0/3", true);
	struct err *e = NULL;

	(void)state;
	assert_done(hold_take(host_a, at("vol"), &before, &e), e);
	after.boot_id = (char *)"another boot";
	assert_done(hold_take(host_b, at("vol"), &after, &e), e);
	assert_held(host_a, "aaaa", "10.99.0.2:0/2");
	assert_done(hold_take(host_a, at("vol"), &shared, &e), e);
	assert_held(host_b, "aaaa", "10.99.0.2:0/3");
	assert_done(hold_take(host_b, at("vol"), &after, &e), e);
	assert_done(hold_release(host_a, at("vol"), "aaaa", &e), e);
	assert_held(host_b, NULL, NULL);
}

static void sharers_don_t_bar_each_other(void **state)
{
	_cleanup_hold_ struct hold h = {0};
	struct hold a = hold_of("aaaa", "", true), b = hold_of("bbbb", "", true);
	struct hold b_alone = hold_of("bbbb", "", false);
	struct err *e = NULL;

	(void)state;
	assert_done(hold_take(host_a, at("vol"), &a, &e), e);
	assert_done(hold_take(host_b, at("vol"), &b, &e), e);
	assert_int_equal(hold_get(host_a, at("vol"), "bbbb", &h, &e), 1);
	assert_string_equal(h.host, "bbbb");
	assert_true(h.shared);
	assert_fails(hold_take(host_b, at("vol"), &b_alone, &e), &e, ERR_HELD, -EBUSY, "alpha",
		     "shared", NULL);
	assert_done(hold_release(host_a, at("vol"), "aaaa", &e), e);
	assert_done(hold_take(host_b, at("vol"), &b_alone, &e), e);
	assert_done(hold_release(host_b, at("vol"), "bbbb", &e), e);
}

/* What others write into the lock can't harm: no JSON, control characters, wrong types. */
static void a_strange_description_is_bearable(void **state)
{
	static const char *const strange[] = {"", "{", "[1]",
					      "{\"host_name\": 7, \"since\": \"x\"}",
					      "{\"host_name\": \"a\\nb\\u001b[31m\"}"};
	struct hold mine = hold_of("aaaa", "", false);
	char id[64], object[96];
	struct err *e = NULL;
	rbd_image_t image = open_image("vol");

	(void)state;
	assert_int_equal(rbd_get_id(image, id, sizeof(id)), 0);
	rbd_close(image);
	snprintf(object, sizeof(object), "rbd_header.%s", id);
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		assert_int_equal(
			rados_lock_exclusive(lab.io, object, "rbdvol", "zzzz", strange[i], NULL, 0),
			0);
		assert_int_equal(hold_take(host_a, at("vol"), &mine, &e), -EBUSY);
		assert_null(strpbrk(e->message, "\n\033"));
		err_free(steal(&e));
		assert_done(hold_release(host_a, at("vol"), "zzzz", &e), e);
	}
}

static void what_is_missing_is_named(void **state)
{
	struct hold mine = hold_of("aaaa", "", false), h = {0};
	struct err *e = NULL;

	(void)state;
	assert_fails(hold_take(host_a, at("novol"), &mine, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no image", "novol", NULL);
	assert_fails(hold_get(host_a, at("nopool/vol"), NULL, &h, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no pool 'nopool'", NULL);
	assert_done(hold_release(host_a, at("novol"), "aaaa", &e), e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_is_taken_told_renewed_and_released),
		cmocka_unit_test(another_host_is_refused_and_told_who_has_it),
		cmocka_unit_test(a_host_takes_its_own_hold_over),
		cmocka_unit_test(sharers_don_t_bar_each_other),
		cmocka_unit_test(a_strange_description_is_bearable),
		cmocka_unit_test(what_is_missing_is_named),
	};

	return cmocka_run_group_tests_name("hold", tests, setup, teardown);
}
