/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceph's encoding as we read and write it, and features: whatever the bytes are, nothing is read
 * beyond them. */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ceph/address.h"
#include "ceph/monitors.h"
#include "ceph/wire.h"
#include "rbd/feature-bits.h"
#include "rbd/hold-state.h"

static const char two_holds[] =
	"[{\"host\":\"h1\",\"host_name\":\"alpha\",\"boot_id\":\"b\",\"client_address\":"
	"\"10.0.0.1:0/7\",\"since\":1700000000,\"shared\":true},{\"host\":\"h2\",\"shared\":true}]";

static int parse(const void *bytes, size_t len, struct hold_state *out)
{
	/* Of its exact size on the heap, so that sanitizers see a step beyond. */
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return hold_state_parse(copy, len, out);
}

static void holds_are_read(void **state)
{
	_cleanup_hold_state_ struct hold_state s = {0};
	_cleanup_free_ char *who = NULL;

	(void)state;
	assert_int_equal(parse(two_holds, strlen(two_holds), &s), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.items[0].host, "h1");
	assert_string_equal(s.items[0].client_address, "10.0.0.1:0/7");
	assert_true(s.items[0].shared && s.items[1].shared);
	assert_string_equal(s.items[1].client_address, "");
	who = hold_describe(&s.items[0]);
	assert_non_null(strstr(who, "host alpha (10.0.0.1:0/7, shared) since 2023-11-"));
}

/* What cannot be read is never taken for 'nobody'. */
static void cut_or_changed_holds_are_somebodys(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(two_holds); len++) {
		_cleanup_hold_state_ struct hold_state s = {0};

		assert_int_equal(parse(two_holds, len, &s), 0);
		assert_int_equal(s.n, 1);
		assert_string_equal(s.items[0].host, "");
	}
	for (size_t at = 0; at < strlen(two_holds); at++) {
		_cleanup_hold_state_ struct hold_state s = {0};
		char changed[sizeof(two_holds)];

		memcpy(changed, two_holds, sizeof(changed));
		changed[at] = (char)0xff;
		assert_int_equal(parse(changed, strlen(two_holds), &s), 0);
		assert_true(s.n >= 1);
	}
}

static void only_one_client_s_address_is_exact(void **state)
{
	static const char *const exact[] = {"10.0.0.1:0/7", "[fd00::1]:0/4294967295"};
	static const char *const not_exact[] = {"",
						"10.0.0.1:6789/1", /* a daemon's */
						"10.0.0.1:10/1",
						":0/1",
						"fd00::0/64",
						"10.0.0.1",
						"10.0.0.1:0/0",
						"10.0.0.1:0/",
						"10.0.0.0/24",
						"10.0.0.1:0/7 ",
						"10.0.0.1:0/x",
						"/7",
						"10.0.0.1:0/4294967296",
						"a b:0/7",
						"10.0.0.1:0/7/8"};

	static const char *const typed[][2] = {
		{"10.0.0.1:0/7", "10.0.0.1:0/7"},
		{"v1:10.0.0.1:0/7", "10.0.0.1:0/7"},
		{"v2:[fd00::1]:0/7", "[fd00::1]:0/7"},
		{"[v2:10.0.0.1:0/7,v1:10.0.0.1:0/8]", "10.0.0.1:0/7"},
		{"[v2:[fd00::1]:0/7,v1:[fd00::1]:0/7]", "[fd00::1]:0/7"},
		{"[fd00::1]:0/7", "[fd00::1]:0/7"},
		{"any:[::1]:0/7", "[::1]:0/7"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(typed); i++) {
		_cleanup_free_ char *plain = address_plain(typed[i][0]);

		assert_string_equal(plain, typed[i][1]);
	}
	assert_null(address_plain("-"));
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
		assert_true(address_is_exact(exact[i]));
	for (size_t i = 0; i < ARRAY_SIZE(not_exact); i++)
		assert_false(address_is_exact(not_exact[i]));
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

static int monitors_of(const char *text, struct monitors *out)
{
	json_t *dump = json_loads(text, 0, NULL);
	int r;

	assert_non_null(dump);
	r = monitors_parse(dump, out);
	json_decref(dump);
	return r;
}

static void monitors_are_told_by_protocol(void **state)
{
	_cleanup_monitors_ struct monitors m = {0};

	(void)state;
	assert_int_equal(monitors_of("{\"mons\":[{\"public_addrs\":{\"addrvec\":["
				     "{\"type\":\"v2\",\"addr\":\"10.0.0.1:3300\"},"
				     "{\"type\":\"v1\",\"addr\":\"10.0.0.1:6789\"},"
				     "{\"type\":\"any\",\"addr\":\"10.0.0.1:1\"}]}},"
				     "{\"public_addrs\":{\"addrvec\":["
				     "{\"type\":\"v2\",\"addr\":\"[fd00::2]:3300\"}]}}]}",
				     &m),
			 0);
	assert_string_equal(m.v1, "10.0.0.1:6789");
	assert_string_equal(m.v2, "10.0.0.1:3300,[fd00::2]:3300");
}

static void a_map_without_monitors_is_refused(void **state)
{
	static const char *const texts[] = {"{}", "[]", "{\"mons\":[]}",
					    "{\"mons\":[{\"public_addrs\":7}]}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct monitors m;

		assert_int_equal(monitors_of(texts[i], &m), -EPROTO);
		assert_null(m.v1);
		assert_null(m.v2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_are_read),
		cmocka_unit_test(cut_or_changed_holds_are_somebodys),
		cmocka_unit_test(only_one_client_s_address_is_exact),
		cmocka_unit_test(strings_are_as_long_as_they_say),
		cmocka_unit_test(features_keep_what_they_need),
		cmocka_unit_test(monitors_are_told_by_protocol),
		cmocka_unit_test(a_map_without_monitors_is_refused),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
