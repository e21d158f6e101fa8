/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of the host that the mount helpers hand work to: by their name and words, never through
 * a shell. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Run ARGV[0], found by PATH, with our own input and output. Its exit status (128 + signal where
 * one ended it), or negative. */
int program_run(const char *const argv[], struct err **e);
/* The same, as long as GO_ON, asked twice a second, says so; then -ETIMEDOUT (unreachable), and the
 * program is left to itself: it hangs in the kernel, where nothing ends it. So that it does not
 * hold up the end of a shutdown too, it bears the sign by which systemd leaves a process alone
 * then: '@' is the first letter of its ARGV[0]. */
int program_run_while(const char *const argv[], bool (*go_on)(void *context), void *context,
		      struct err **e);
/* The same; the first line that it writes is *out, to be freed ("" where there is none). */
int program_run_line(const char *const argv[], char **out, struct err **e);
