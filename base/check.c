/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/check.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

int check_fail(int r, struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *what = STR_FORMAT(fmt);

	if (!what)
		return err_oom(e);
	if (r == -ECANCELED)
		return err_set(e, ERR_FAILED, r, "cancelled before it could %s", what);
	err_set(e, ERR_UNREACHABLE, r, "there was no time left to %s", what);
	return err_hint(e, "give it more time: --timeout SECONDS");
}
