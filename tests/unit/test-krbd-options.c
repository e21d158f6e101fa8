/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/krbd-options.h"

#include <errno.h>
#include <string.h>

#include "mapper/module.h"
#include "tests/unit/unit.h"

#define NEW KERNEL(6, 1)

static void what_is_known_is_taken_in_order(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};

	(void)state;
	assert_works(krbd_options_parse("queue_depth=64,nocrc,ms_mode=prefer-crc,alloc_size=64K,"
					"crush_location=host:a|rack:r1,ip=[fd00::1]:0",
					&o, &e));
	assert_int_equal(o.list.n, 6);
	assert_string_equal(o.list.items[0], "queue_depth=64");
	assert_string_equal(o.list.items[1], "nocrc");
	assert_string_equal(o.list.items[3], "alloc_size=65536");
	assert_string_equal(krbd_options_value(&o, "crush_location"), "host:a|rack:r1");
	assert_string_equal(krbd_options_value(&o, "nocrc"), "");
	assert_true(krbd_options_has(&o, "ms_mode"));
	assert_false(krbd_options_has(&o, "ms"));
	assert_null(krbd_options_value(&o, "crc"));
}

static void nothing_is_fine(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};

	(void)state;
	assert_works(krbd_options_parse("", &o, &e));
	assert_int_equal(o.list.n, 0);
}

static void what_is_wrong_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"exclusve", "no map option 'exclusve'"},
		{"nosuch=1", "no map option 'nosuch'"},
		{"a b", "no map option 'a b'"},
		{"x\ny", "no map option 'x?y'"},
		{",", "empty map option"},
		{"notrim,", "empty map option"},
		{"=5", "empty map option"},
		{"notrim=1", "takes no value"},
		{"queue_depth", "takes a value"},
		{"queue_depth=", "queue_depth"},
		{"queue_depth=0", "queue_depth"},
		{"queue_depth=-1", "queue_depth"},
		{"queue_depth=64 secret=x", "queue_depth"},
		{"lock_timeout=9999999", "lock_timeout"},
		{"alloc_size=100", "power of two"},
		{"alloc_size=256", "power of two"},
		{"ms_mode=", "'' is not a value"},
		{"ms_mode=secur", "'secur' is not a value"},
		{"ms_mode=crc secure", "'crc secure' is not a value"},
		{"crush_location=host", "not a value"},
		{"crush_location=host:a|", "not a value"},
		{"crush_location=host:a:b", "not a value"},
		{"ip=host.example", "not a value"},
		{"notrim,notrim", "given twice"},
		{"crc,nocrc", "exclude each other"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_krbd_options_ struct krbd_options o = {0};
		_cleanup_err_ struct err *e = NULL;
		int r = krbd_options_parse(bad[i].text, &o, &e);

		if (r >= 0 || !e || e->kind != ERR_USAGE || !strstr(e->message, bad[i].why))
			fail_msg("'%s': %d %s", bad[i].text, r, e ? e->message : "taken");
		assert_int_equal(o.list.n, 0);
	}
}

static void what_rbdvol_decides_is_refused_with_the_way_to_say_it(void **state)
{
	static const struct {
		const char *text, *why;
	} ours[] = {
		{"ro", "--read-only"},	     {"rw", "--read-only"},	    {"name=x", "--id"},
		{"secret=AQ==", "keyring"},  {"key=x", "keyring"},	    {"fsid=x", "cluster"},
		{"_pool_ns=x", "NAMESPACE"}, {"noshare", "rbdvol decides"}, {"noudev", "udev"},
		{"force", "--force"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		_cleanup_krbd_options_ struct krbd_options o = {0};

		assert_fails(krbd_options_parse(ours[i].text, &o, &e), -EINVAL, ERR_USAGE,
			     ours[i].why);
	}
}

static void a_secret_is_not_repeated(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};
	_cleanup_err_ struct err *e = NULL;

	(void)state;
	assert_int_equal(krbd_options_parse("secret=AQDhidden", &o, &e), -EINVAL);
	assert_null(strstr(e->message, "AQDhidden"));
}

static void a_slip_of_the_hand_is_named(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};
	_cleanup_err_ struct err *e = NULL;

	(void)state;
	assert_int_equal(krbd_options_parse("alloc-size=4096", &o, &e), -EINVAL);
	assert_non_null(strstr(e->hint, "alloc_size"));
}

/* Distributions take options into older kernels: a version refuses nothing. */
static void the_kernel_s_version_refuses_no_option(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};
	_cleanup_free_ char *newer = NULL;

	(void)state;
	assert_works(krbd_options_parse("ms_mode=crc,nocrc,rxbounce", &o, &e));
	assert_int_equal(o.list.n, 3);
	newer = krbd_options_newer(&o, KERNEL(4, 18));
	assert_string_equal(newer, "ms_mode (Linux 5.11), rxbounce (Linux 5.17)");
	assert_null(krbd_options_newer(&o, NEW));
}

static void defaults_fill_only_what_is_open(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};

	(void)state;
	assert_works(krbd_options_parse("nocrc,lock_timeout=5", &o, &e));
	assert_int_equal(krbd_options_default(&o, "crc", NULL), 0);
	assert_int_equal(krbd_options_default(&o, "lock_timeout", "30"), 0);
	assert_int_equal(o.list.n, 2);
	assert_int_equal(krbd_options_default(&o, "abort_on_full", NULL), 0);
	assert_int_equal(krbd_options_default(&o, "alloc_size", "4096"), 0);
	assert_string_equal(krbd_options_value(&o, "alloc_size"), "4096");
	assert_string_equal(krbd_options_value(&o, "lock_timeout"), "5");
	assert_int_equal(krbd_options_default(&o, "nosuch", NULL), -EINVAL);
	assert_int_equal(krbd_options_default(&o, "queue_depth", "a b"), -EINVAL);
	assert_int_equal(o.list.n, 4);
}

static void what_an_older_kernel_may_not_know_is_in_doubt(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};

	(void)state;
	assert_int_equal(krbd_options_try(&o, KERNEL(5, 10), "ms_mode", "crc"), 0);
	assert_int_equal(krbd_options_try(&o, KERNEL(5, 10), "abort_on_full", NULL), 0);
	assert_int_equal(o.list.n, 1);
	assert_int_equal(o.doubts.n, 1);
	assert_string_equal(krbd_options_value(&o, "ms_mode"), "crc");
	assert_int_equal(krbd_options_default(&o, "ms_mode", "secure"), 0);
	assert_int_equal(o.list.n, 1);
	krbd_options_drop_doubts(&o);
	assert_false(krbd_options_has(&o, "ms_mode"));
	assert_int_equal(krbd_options_try(&o, NEW, "ms_mode", "secure"), 0);
	assert_int_equal(o.list.n, 2);
}

static void ceph_s_own_defaults_stand_behind_the_user_s(void **state)
{
	_cleanup_krbd_options_ struct krbd_options o = {0};
	_cleanup_strlist_ struct strlist left_out = {0};
	_cleanup_free_ char *all = NULL, *left = NULL;

	(void)state;
	assert_works(krbd_options_parse("queue_depth=9", &o, &e));
	assert_works(krbd_options_add_ceph(
		&o, "crc, queue_depth=7,nocrc,ro,name=x,lock_timeout=3,,lock_timeout=4 ", &left_out,
		&e));
	all = strlist_join(&o.list, ",", 0);
	assert_string_equal(all, "queue_depth=9,lock_timeout=4,nocrc");
	left = strlist_join(&left_out, ",", 0);
	assert_string_equal(left, "name,ro");
	assert_works(krbd_options_add_ceph(&o, " ,", &left_out, &e));
	assert_fails(krbd_options_add_ceph(&o, "queue_deep=7", &left_out, &e), -EINVAL, ERR_USAGE,
		     "no map option");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_is_taken_in_order),
		cmocka_unit_test(nothing_is_fine),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_reason),
		cmocka_unit_test(what_rbdvol_decides_is_refused_with_the_way_to_say_it),
		cmocka_unit_test(a_secret_is_not_repeated),
		cmocka_unit_test(a_slip_of_the_hand_is_named),
		cmocka_unit_test(the_kernel_s_version_refuses_no_option),
		cmocka_unit_test(defaults_fill_only_what_is_open),
		cmocka_unit_test(what_an_older_kernel_may_not_know_is_in_doubt),
		cmocka_unit_test(ceph_s_own_defaults_stand_behind_the_user_s),
	};

	return cmocka_run_group_tests_name("krbd-options", tests, NULL, NULL);
}
