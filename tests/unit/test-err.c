/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void set_fills_kind_code_and_message(void **state)
{
	_cleanup_err_ struct err *e = NULL;

	(void)state;
	assert_int_equal(err_set(&e, ERR_HELD, -EBUSY, "%s is held by %s", "rbd/a", "h1"), -EBUSY);
	assert_int_equal(e->kind, ERR_HELD);
	assert_int_equal(e->code, -EBUSY);
	assert_string_equal(e->message, "rbd/a is held by h1");
	assert_null(e->hint);
}

static void errno_finds_the_kind_and_adds_its_words(void **state)
{
	_cleanup_err_ struct err *e = NULL;

	(void)state;
	assert_int_equal(err_errno(&e, -ENOSPC, "cannot write %s", "x"), -ENOSPC);
	assert_int_equal(e->kind, ERR_NO_SPACE);
	assert_string_equal(e->message, "cannot write x: No space left on device");
}

static void wrap_and_hint_keep_the_code(void **state)
{
	_cleanup_err_ struct err *e = NULL;

	(void)state;
	err_set(&e, ERR_NOT_FOUND, -ENOENT, "no pool 'p'");
	assert_int_equal(err_hint(&e, "first"), -ENOENT);
	assert_int_equal(err_hint(&e, "make %s", "one"), -ENOENT);
	assert_int_equal(err_wrap(&e, "attach %s", "p/a"), -ENOENT);
	assert_string_equal(e->message, "attach p/a: no pool 'p'");
	assert_string_equal(e->hint, "make one");
}

static void out_of_memory_is_a_whole_error_that_may_be_freed(void **state)
{
	struct err *e = NULL;

	(void)state;
	assert_int_equal(err_oom(&e), -ENOMEM);
	assert_int_equal(err_wrap(&e, "x"), -ENOMEM);
	assert_int_equal(err_hint(&e, "x"), -ENOMEM);
	assert_string_equal(e->message, "out of memory");
	err_free(e);
	err_free(e);
	err_free(NULL);
}

static void names_and_kinds_are_pairs(void **state)
{
	(void)state;
	for (int k = ERR_FAILED; k <= ERR_NO_SPACE; k++) {
		assert_int_equal(err_kind_by_name(err_name((enum err_kind)k)), k);
		assert_int_equal(err_exit_status((enum err_kind)k), k - ERR_FAILED + 1);
		assert_in_range(err_http_status((enum err_kind)k), 400, 599);
	}
	assert_int_equal(err_kind_by_name("no such"), ERR_FAILED);
	assert_int_equal(err_kind_by_name(""), ERR_FAILED);
}

static void each_errno_has_a_kind(void **state)
{
	static const struct {
		int code;
		enum err_kind kind;
	} pairs[] = {{-ENOENT, ERR_NOT_FOUND},
		     {-EEXIST, ERR_EXISTS},
		     {-EBUSY, ERR_BUSY},
		     {-ETIMEDOUT, ERR_UNREACHABLE},
		     {-EPERM, ERR_NOT_PERMITTED},
		     {-EACCES, ERR_NOT_PERMITTED},
		     {-EOPNOTSUPP, ERR_UNSUPPORTED},
		     {-EIO, ERR_FAILED},
		     {-ENOMEM, ERR_FAILED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_int_equal(err_kind_of(pairs[i].code), pairs[i].kind);
}

static void a_copy_is_the_same_error(void **state)
{
	_cleanup_err_ struct err *e = NULL, *copy = NULL;

	(void)state;
	err_set(&e, ERR_HELD, -EBUSY, "it is held");
	err_hint(&e, "wait");
	assert_int_equal(err_copy(e, &copy), -EBUSY);
	assert_int_equal(copy->kind, ERR_HELD);
	assert_string_equal(copy->message, "it is held");
	assert_string_equal(copy->hint, "wait");
}

static void a_call_gives_an_errno_its_own_meaning(void **state)
{
	static const struct err_meaning rows[] = {{ENOENT, ERR_USAGE, "one", NULL},
						  {EIO, ERR_FAILED, "two", "mend it"}};

	(void)state;
	assert_ptr_equal(err_meaning_find(rows, ARRAY_SIZE(rows), -EIO), &rows[1]);
	assert_null(err_meaning_find(rows, ARRAY_SIZE(rows), -EPERM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_kind_code_and_message),
		cmocka_unit_test(errno_finds_the_kind_and_adds_its_words),
		cmocka_unit_test(wrap_and_hint_keep_the_code),
		cmocka_unit_test(out_of_memory_is_a_whole_error_that_may_be_freed),
		cmocka_unit_test(names_and_kinds_are_pairs),
		cmocka_unit_test(each_errno_has_a_kind),
		cmocka_unit_test(a_copy_is_the_same_error),
		cmocka_unit_test(a_call_gives_an_errno_its_own_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
