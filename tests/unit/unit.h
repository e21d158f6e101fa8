/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cmocka's programs include, and helpers for errors. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

/* CALL fails with CODE, an error of KIND is set, and its message holds TEXT. */
#define assert_fails(call, want_code, want_kind, text)                                             \
	do {                                                                                       \
		_cleanup_err_ struct err *e = NULL;                                                \
		assert_int_equal((call), want_code);                                               \
		assert_non_null(e);                                                                \
		assert_int_equal(e->code, want_code);                                              \
		assert_int_equal(e->kind, want_kind);                                              \
		if (!strstr(e->message, text))                                                     \
			fail_msg("'%s' does not hold '%s'", e->message, text);                     \
		assert_null(strchr(e->message, '\n'));                                             \
	} while (0)

/* CALL succeeds; no error is set. */
#define assert_works(call)                                                                         \
	do {                                                                                       \
		_cleanup_err_ struct err *e = NULL;                                                \
		int r = (call);                                                                    \
		if (e)                                                                             \
			fail_msg("%s", e->message);                                                \
		assert_int_equal(r, 0);                                                            \
	} while (0)
