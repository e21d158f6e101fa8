/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that are made as printf makes them. */
#pragma once

#include <stdarg.h>

#include "base/cleanup.h"

/* 0 and *out, which the caller frees; or -ENOMEM, and *out is NULL. */
int str_printf(char **out, const char *fmt, ...) _printf_(2, 3);
int str_vprintf(char **out, const char *fmt, va_list ap) _printf_(2, 0);
