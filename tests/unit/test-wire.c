/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceph's encoding as we read and write it, and features: whatever the bytes are, nothing is read
 * beyond them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rbd/classes.h"
#include "rbd/image-internal.h"
#include "rbd/wire.h"

/* An answer of get_info as an OSD of 16.2.15 gave it: one exclusive lock, cookie "host",
 * description "{}". */
static const uint8_t one_lock[] = {
	1, 1,	87, 0,	0,   0,	 1, 0, 0, 0, 1,	  1,   17,  0,	 0,  0, 8,  188, 28,
	0, 0,	0,  0,	0,   0,	 4, 0, 0, 0, 104, 111, 115, 116, 1,  1, 49, 0,	 0,
	0, 0,	0,  0,	0,   0,	 0, 0, 0, 1, 1,	  1,   28,  0,	 0,  0, 1,  0,	 0,
	0, 186, 77, 51, 157, 16, 0, 0, 0, 2, 0,	  0,   0,   10,	 99, 0, 1,  0,	 0,
	0, 0,	0,  0,	0,   0,	 2, 0, 0, 0, 123, 125, 1,   0,	 0,  0, 0};

static void a_lock_is_read(void **state)
{
	_cleanup_lock_state_ struct lock_state l = {0};

	(void)state;
	assert_int_equal(lock_state_parse(one_lock, sizeof(one_lock), &l), 0);
	assert_int_equal(l.n, 1);
	assert_false(l.shared);
	assert_string_equal(l.items[0].client, "client.7356");
	assert_string_equal(l.items[0].cookie, "host");
	assert_string_equal(l.items[0].description, "{}");
}

static void a_cut_or_changed_answer_is_refused_or_read(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(one_lock); len++) {
		/* Of its exact size on the heap, so that sanitizers see a step beyond. */
		_cleanup_free_ uint8_t *copy = malloc(len ? len : 1);
		struct lock_state l = {0};

		assert_non_null(copy);
		memcpy(copy, one_lock, len);
		assert_true(lock_state_parse(copy, len, &l) < 0);
		assert_int_equal(l.n, 0);
	}
	for (size_t at = 0; at < sizeof(one_lock); at++) {
		_cleanup_lock_state_ struct lock_state l = {0};
		uint8_t copy[sizeof(one_lock)];

		memcpy(copy, one_lock, sizeof(copy));
		copy[at] = 0xff;
		(void)!lock_state_parse(copy, sizeof(copy), &l);
	}
}

static void strings_are_as_long_as_they_say(void **state)
{
	static const uint8_t nul[] = {3, 0, 0, 0, 'a', 0, 'b'};
	struct writer w = {0};
	struct reader r;
	char big[5000];

	(void)state;
	write_u64(&w, UINT64_C(0x0123456789abcdef));
	write_string(&w, "name");
	r = (struct reader){w.data, w.len, false};
	assert_int_equal(read_u64(&r), UINT64_C(0x0123456789abcdef));

	_cleanup_free_ char *s = read_string(&r);

	assert_string_equal(s, "name");
	assert_int_equal(r.left, 0);
	assert_int_equal(read_u8(&r), 0);
	assert_true(r.bad);
	r = (struct reader){nul, sizeof(nul), false};
	assert_null(read_string(&r));
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	write_string(&w, big);
	assert_true(w.bad);
	assert_true(w.len <= sizeof(w.data));
}

static void features_keep_what_they_need(void **state)
{
	_cleanup_free_ char *text = image_features_format(61), *odd = NULL, *none = NULL;

	(void)state;
	assert_string_equal(text, "layering,exclusive-lock,object-map,fast-diff,deep-flatten");
	odd = image_features_format(RBD_FEATURE_LAYERING | UINT64_C(1) << 60);
	assert_string_equal(odd, "layering,0x1000000000000000");
	none = image_features_format(0);
	assert_string_equal(none, "");
	assert_int_equal(features_parse("61"), 61);
	assert_int_equal(features_parse("layering, exclusive-lock"), 5);
	assert_int_equal(features_parse("nonsense"), 0);
	assert_int_equal(features_consistent(RBD_FEATURE_LAYERING | RBD_FEATURE_FAST_DIFF |
					     RBD_FEATURE_OBJECT_MAP),
			 RBD_FEATURE_LAYERING);
	assert_int_equal(features_consistent(61), 61);
	assert_int_equal(features_consistent(RBD_FEATURE_JOURNALING), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_is_read),
		cmocka_unit_test(a_cut_or_changed_answer_is_refused_or_read),
		cmocka_unit_test(strings_are_as_long_as_they_say),
		cmocka_unit_test(features_keep_what_they_need),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
