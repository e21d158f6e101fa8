/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of a library that are counted: rbdvold is linked so that a call of NAME comes here,
 * counts, and goes on to the library (ld --wrap). program/Makemodule.am names each. */
#pragma once

#include "base/trace.h"

#define COUNTED(kind, type, name, parameters, arguments)                                           \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		trace_count(kind);                                                                 \
		return __real_##name arguments;                                                    \
	}
