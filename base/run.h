/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program of the host's, run to its end: by its name and words, never through a shell. */
#pragma once

#include "base/deadline.h"
#include "base/err.h"

/* Run ARGV[0], found by PATH, with no input and a plain environment; what it writes is kept for the
 * error. Its exit status, or negative errno: -ENOENT (unsupported): it is not installed;
 * -ETIMEDOUT (unreachable): killed at the deadline, the message ends with what it said last.
 * *out_said (may be NULL) is the end of its output as one line; the caller frees it. */
int run_program(const char *const argv[], struct deadline deadline, char **out_said,
		struct err **e) _must_check_;
