/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"

#include <errno.h>

int str_vprintf(char **out, const char *fmt, va_list ap)
{
	if (vasprintf(out, fmt, ap) >= 0)
		return 0;
	*out = NULL;
	return -ENOMEM;
}

int str_printf(char **out, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = str_vprintf(out, fmt, ap);
	va_end(ap);
	return r;
}
