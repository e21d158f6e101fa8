/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/spec.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void every_form_is_parsed_and_printed(void **state)
{
	static const struct {
		const char *text, *pool, *ns, *image, *snap, *printed;
	} specs[] = {
		{"web1", "rbd", "", "web1", NULL, "rbd/web1"},
		{"p/web1", "p", "", "web1", NULL, "p/web1"},
		{"p/n/web1", "p", "n", "web1", NULL, "p/n/web1"},
		{"web1@s", "rbd", "", "web1", "s", "rbd/web1@s"},
		{"p/n/web1@s", "p", "n", "web1", "s", "p/n/web1@s"},
		{"p/a,b", "p", "", "a,b", NULL, "p/a,b"},
		{"p/größe", "p", "", "größe", NULL, "p/größe"},
		{"p/-x", "p", "", "-x", NULL, "p/-x"},
		{"my pool/Debian 12@before upgrade", "my pool", "", "Debian 12", "before upgrade",
		 "my pool/Debian 12@before upgrade"},
		{"p/a,b/web1", "p", "a,b", "web1", NULL, "p/a,b/web1"},
		{"./..", ".", "", "..", NULL, "./.."},
		{"p/a\\b%2f", "p", "", "a\\b%2f", NULL, "p/a\\b%2f"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		_cleanup_spec_ struct spec s = {0}, again = {0};
		_cleanup_free_ char *printed = NULL;

		assert_works(spec_parse(specs[i].text, "rbd", &s, &e));
		assert_string_equal(s.pool, specs[i].pool);
		assert_string_equal(s.ns, specs[i].ns);
		assert_string_equal(s.image, specs[i].image);
		if (specs[i].snap)
			assert_string_equal(s.snap, specs[i].snap);
		else
			assert_null(s.snap);
		printed = spec_format(&s);
		assert_string_equal(printed, specs[i].printed);
		assert_works(spec_parse(printed, "other", &again, &e));
		assert_true(spec_equal(&s, &again));
	}
}

static void the_default_may_have_a_namespace(void **state)
{
	static const char *const specs[][2] = {
		{"web1", "p/ns/web1"}, {"web1@s", "p/ns/web1@s"}, {"q/web1", "q/web1"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		_cleanup_spec_ struct spec s = {0};
		_cleanup_free_ char *printed = NULL;

		assert_works(spec_parse(specs[i][0], "p/ns", &s, &e));
		printed = spec_format(&s);
		assert_string_equal(printed, specs[i][1]);
	}
}

static void bad_specs_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{"", "is empty"},
		{"/web1", "pool is empty"},
		{"p/", "image is empty"},
		{"p//web1", "empty namespace"},
		{"p/n/", "image is empty"},
		{"a/b/c/d", "more than two '/'"},
		{"web1@", "snapshot is empty"},
		{"@s", "image is empty"},
		{"web1@s@t", "behind '@'"},
		{"web1@s/t", "behind '@'"},
		{"web1\nx", "control character"},
		{"web1\tx", "control character"},
		{"\x7f", "control character"},
		{"web\xff", "UTF-8"},
		{"web\xc0\xaf", "UTF-8"},
		{"web\xed\xa0\x80", "UTF-8"},
		{"web\xe2\x82", "UTF-8"},
		{"web\xf5\x80\x80\x80", "UTF-8"},
		{".rbdvol-web1", "begins with '.rbdvol-'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_spec_ struct spec s = {0};

		assert_fails(spec_parse(bad[i].text, "rbd", &s, &e), -EINVAL, ERR_USAGE,
			     bad[i].reason);
		assert_null(s.pool);
		assert_null(s.image);
	}
}

static void what_is_mapped_has_a_name_for_kernel_and_udev(void **state)
{
	static const struct {
		const char *text, *reason; /* NULL: it can be mapped */
	} specs[] = {
		{"we b1", "image has a blank"},
		{"p q/web1", "pool has a blank"},
		{"p/n m/web1", "namespace has a blank"},
		{"web1@a b", "snapshot has a blank"},
		{"p/a,b/web1", "namespace has a comma"},
		{"web1@-", "snapshot is '-'"},
		{"p/a,b", NULL},
		{".", "image is '.' or '..'"},
		{"p/..", "image is '.' or '..'"},
		{"../web1", "pool is '.' or '..'"},
		{"p/größe", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		_cleanup_spec_ struct spec s = {0};

		assert_works(spec_parse(specs[i].text, "rbd", &s, &e));
		if (specs[i].reason)
			assert_fails(spec_check_mappable(&s, &e), -EINVAL, ERR_USAGE,
				     specs[i].reason);
		else
			assert_works(spec_check_mappable(&s, &e));
	}
}

static void names_may_be_as_long_as_a_link_can(void **state)
{
	_cleanup_spec_ struct spec s = {0};
	char name[300];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[200] = '\0';
	assert_works(spec_parse(name, "rbd", &s, &e));
	assert_works(spec_check_mappable(&s, &e));
	spec_deinit(&s);
	name[200] = 'a';
	name[249] = '\0';
	assert_works(spec_parse(name, "rbd", &s, &e));
	assert_fails(spec_check_mappable(&s, &e), -EINVAL, ERR_USAGE, "too long");
}

/* A bad text must not bring its control characters to the terminal. */
static void a_refusal_is_printable(void **state)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_spec_ struct spec s = {0};

	(void)state;
	assert_int_equal(spec_parse("a\033[31m\n\xff", "rbd", &s, &e), -EINVAL);
	for (const char *p = e->message; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && (unsigned char)*p != 0xff);
	assert_non_null(e->hint);
}

static void link_names_are_encoded_and_never_collide(void **state)
{
	static const struct {
		struct spec spec;
		const char *link;
	} links[] = {
		{{(char *)"rbd", (char *)"", (char *)"web1", NULL}, "rbd/web1"},
		{{(char *)"rbd", (char *)"n", (char *)"web1", (char *)"s"}, "rbd/n/web1@s"},
		{{(char *)"rbd", (char *)"", (char *)"a b", NULL}, "rbd/a\\x20b"},
		{{(char *)"rbd", (char *)"", (char *)"a,b\n", NULL}, "rbd/a\\x2cb\\x0a"},
		{{(char *)"rbd", (char *)"", (char *)"a@b", NULL}, "rbd/a\\x40b"},
		{{(char *)"rbd", (char *)"", (char *)"a/b", NULL}, "rbd/a\\x2fb"},
		{{(char *)"rbd", (char *)"", (char *)"a\\x2fb", NULL}, "rbd/a\\x5cx2fb"},
		{{(char *)"rbd", (char *)"", (char *)"..", NULL}, "rbd/\\x2e."},
		{{(char *)".", (char *)"", (char *)"a", NULL}, "\\x2e/a"},
		{{(char *)"by-id", (char *)"", (char *)"a", NULL}, "\\x62y-id/a"},
		{{(char *)"rbd", (char *)"", (char *)"a-part1", NULL}, "rbd/a\\x2dpart1"},
		{{(char *)"rbd", (char *)"", (char *)"a", (char *)"b-part12"},
		 "rbd/a@b\\x2dpart12"},
		{{(char *)"rbd", (char *)"", (char *)"a-part1", (char *)"s"}, "rbd/a-part1@s"},
		{{(char *)"rbd", (char *)"", (char *)"a-part", NULL}, "rbd/a-part"},
		{{(char *)"rbd", (char *)"", (char *)"\xc3\xb6", NULL}, "rbd/\\xc3\\xb6"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		_cleanup_free_ char *link = spec_link_name(&links[i].spec);

		assert_string_equal(link, links[i].link);
	}
}

static void equality_sees_every_part(void **state)
{
	static const char *const texts[] = {"a/x", "b/x", "a/n/x", "a/y", "a/x@s", "a/x@t"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t j = 0; j < ARRAY_SIZE(texts); j++) {
			_cleanup_spec_ struct spec a = {0}, b = {0}, copy = {0};

			assert_works(spec_parse(texts[i], "rbd", &a, &e));
			assert_works(spec_parse(texts[j], "rbd", &b, &e));
			assert_int_equal(spec_equal(&a, &b), i == j);
			assert_int_equal(spec_copy(&a, &copy), 0);
			assert_true(spec_equal(&a, &copy));
			spec_deinit(&copy);
			spec_deinit(&copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_parsed_and_printed),
		cmocka_unit_test(the_default_may_have_a_namespace),
		cmocka_unit_test(bad_specs_are_refused_with_the_reason),
		cmocka_unit_test(what_is_mapped_has_a_name_for_kernel_and_udev),
		cmocka_unit_test(names_may_be_as_long_as_a_link_can),
		cmocka_unit_test(a_refusal_is_printable),
		cmocka_unit_test(link_names_are_encoded_and_never_collide),
		cmocka_unit_test(equality_sees_every_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
