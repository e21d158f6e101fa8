/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static _printf_(1, 2) char *formatted(const char *fmt, ...)
{
	return STR_FORMAT(fmt);
}

static void arguments_are_formatted(void **state)
{
	_cleanup_free_ char *text = formatted("%s-%d", "a", 7);

	(void)state;
	assert_string_equal(text, "a-7");
}

static void a_text_is_printed_piece_by_piece(void **state)
{
	struct text t;
	FILE *f = text_begin(&t);
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_non_null(f);
	fputs("ab", f);
	fprintf(f, "%c", 'c');
	text = text_end(f, &t);
	assert_string_equal(text, "abc");
	assert_int_equal(t.len, 3);
}

static void a_distance_counts_letters(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} pairs[] = {{"trim", "trim", 0},  {"tirm", "trim", 2}, {"tri", "trim", 1},
		     {"trimm", "trim", 1}, {"", "trim", 4},	{"list", "trim", 4}};
	char longest[33];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_int_equal(str_distance(pairs[i].a, pairs[i].b), pairs[i].distance);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(str_distance(longest, "a"), 32);
}

static void a_line_is_read_of_a_formatted_path(void **state)
{
	_cleanup_free_ char *name = file_line("/proc/sys/kernel/%s", "ostype"), *none = NULL;

	(void)state;
	assert_string_equal(name, "Linux");
	none = file_line("/proc/self/%s", "no such file");
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_formatted),
		cmocka_unit_test(a_text_is_printed_piece_by_piece),
		cmocka_unit_test(a_distance_counts_letters),
		cmocka_unit_test(a_line_is_read_of_a_formatted_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
