/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/value.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void sizes_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {
		{"1", 1},
		{"4096", 4096},
		{"512B", 512},
		{"10G", 10737418240},
		{"10g", 10737418240},
		{"3K", 3072},
		{"3KB", 3072},
		{"3KiB", 3072},
		{"1m", 1048576},
		{"2T", UINT64_C(2) << 40},
		{"1P", UINT64_C(1) << 50},
		{"7E", UINT64_C(7) << 60},
		{"10Gi", 10737418240},
		{"10gib", 10737418240},
		{"512Mi", 536870912},
		{"1.5G", 1610612736},
		{"0.5Gi", 536870912},
		{"1.1K", 1536}, /* 1126.4, in whole sectors */
		{"1.000000001G", 1073742336},
		{"2.5P", (UINT64_C(5) << 50) / 2},
		{"7.25E", UINT64_C(29) << 58},
		{"9223372036854775807", INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t v = 0;

		assert_works(value_size("size", sizes[i].text, &v, &e));
		assert_true(v == sizes[i].bytes);
	}
}

static void bad_sizes_are_refused_and_leave_the_value(void **state)
{
	static const char *const bad[] = {
		"",    " 1",	 "1 G",		  "-1",	   "+1",  "0x10", "1.5",  "G",
		"10X", "10GX",	 "10Gii",	  "10Gbb", "ten", "1G1",  "1.5B", "1.G",
		".5G", "1.5.5G", "1.0000000001G", "1e3"};
	static const char *const out_of_range[] = {
		"0", "0G", "8E", "9223372036854775808", "99999999999999999999999", "16777216T"};
	uint64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fails(value_size("size", bad[i], &v, &e), -EINVAL, ERR_USAGE,
			     "is not a size");
	for (size_t i = 0; i < ARRAY_SIZE(out_of_range); i++)
		assert_fails(value_size("size", out_of_range[i], &v, &e), -ERANGE, ERR_USAGE,
			     "size");
	assert_int_equal(v, 7);
}

/* 'rbd create --size 10' makes 10 MiB, other drivers' "size=10" 10 GiB: nobody means 10 bytes. */
static void sizes_of_volumes(void **state)
{
	static const char *const fine[] = {"1048576", "10737418240", "512B", "4K", "10M", "1.5G"};
	static const char *const bare[] = {"1", "10", "100", "4096", "1048575"};
	uint64_t v = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		assert_works(value_volume_size("size", fine[i], &v, &e));
	v = 7;
	for (size_t i = 0; i < ARRAY_SIZE(bare); i++) {
		_cleanup_err_ struct err *e = NULL;

		assert_int_equal(value_volume_size("size", bare[i], &v, &e), -ERANGE);
		assert_non_null(strstr(e->message, "too few"));
		assert_non_null(strstr(e->hint, "M for MiB"));
	}
	assert_fails(value_volume_size("size", "100B", &v, &e), -ERANGE, ERR_USAGE, "at least 512");
	assert_fails(value_volume_size("size", "10X", &v, &e), -EINVAL, ERR_USAGE, "not a size");
	assert_int_equal(v, 7);
}

static void numbers_keep_their_limits(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_works(value_u64("n", "1", 1, 2, &v, &e));
	assert_works(value_u64("n", "18446744073709551615", 0, UINT64_MAX, &v, &e));
	assert_true(v == UINT64_MAX);
	v = 7;
	assert_fails(value_u64("n", "0", 1, 2, &v, &e), -ERANGE, ERR_USAGE, "between 1 and 2");
	assert_fails(value_u64("n", "3", 1, 2, &v, &e), -ERANGE, ERR_USAGE, "between");
	assert_fails(value_u64("n", "18446744073709551616", 0, UINT64_MAX, &v, &e), -ERANGE,
		     ERR_USAGE, "between");
	assert_fails(value_u64("n", "1x", 1, 2, &v, &e), -EINVAL, ERR_USAGE, "n '1x'");
	assert_fails(value_u64("n", "", 1, 2, &v, &e), -EINVAL, ERR_USAGE, "whole number");
	assert_int_equal(v, 7);
}

static void seconds_have_up_to_six_decimals(void **state)
{
	uint64_t us = 0;

	(void)state;
	assert_works(value_seconds("t", "30", &us, &e));
	assert_int_equal(us, 30000000);
	assert_works(value_seconds("t", "0.25", &us, &e));
	assert_int_equal(us, 250000);
	assert_works(value_seconds("t", "1.000001", &us, &e));
	assert_int_equal(us, 1000001);
	us = 7;
	assert_fails(value_seconds("t", "1.0000001", &us, &e), -EINVAL, ERR_USAGE, "seconds");
	assert_fails(value_seconds("t", "1.", &us, &e), -EINVAL, ERR_USAGE, "seconds");
	assert_fails(value_seconds("t", ".5", &us, &e), -EINVAL, ERR_USAGE, "seconds");
	assert_fails(value_seconds("t", "5s", &us, &e), -EINVAL, ERR_USAGE, "seconds");
	assert_fails(value_seconds("t", "-5", &us, &e), -EINVAL, ERR_USAGE, "seconds");
	assert_fails(value_seconds("t", "0", &us, &e), -ERANGE, ERR_USAGE, "must not be 0");
	assert_fails(value_seconds("t", "0.0", &us, &e), -ERANGE, ERR_USAGE, "must not be 0");
	assert_fails(value_seconds("t", "99999999", &us, &e), -ERANGE, ERR_USAGE, "year");
	assert_fails(value_seconds("t", "99999999999999999999", &us, &e), -ERANGE, ERR_USAGE,
		     "year");
	assert_int_equal(us, 7);
}

static void yes_and_no_have_four_words_each(void **state)
{
	static const char *const yes[] = {"yes", "YES", "true", "on", "1"};
	static const char *const no[] = {"no", "False", "off", "0"};
	bool v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		v = false;
		assert_works(value_bool("b", yes[i], &v, &e));
		assert_true(v);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		v = true;
		assert_works(value_bool("b", no[i], &v, &e));
		assert_false(v);
	}
	v = true;
	assert_fails(value_bool("b", "maybe", &v, &e), -EINVAL, ERR_USAGE, "yes or no");
	assert_fails(value_bool("b", "", &v, &e), -EINVAL, ERR_USAGE, "yes or no");
	assert_true(v);
}

static void sizes_are_printed_for_people(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {{0, "0 B"},	{1023, "1023 B"},	 {1024, "1 KiB"},
		     {1536, "1.5 KiB"}, {10737418240, "10 GiB"}, {UINT64_MAX, "16 EiB"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *text = value_format_size(sizes[i].bytes);

		assert_string_equal(text, sizes[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(bad_sizes_are_refused_and_leave_the_value),
		cmocka_unit_test(sizes_of_volumes),
		cmocka_unit_test(numbers_keep_their_limits),
		cmocka_unit_test(seconds_have_up_to_six_decimals),
		cmocka_unit_test(yes_and_no_have_four_words_each),
		cmocka_unit_test(sizes_are_printed_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
