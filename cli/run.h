/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of the host that the mount helpers hand work to: by their name and words, never through
 * a shell. */
#pragma once

#include "base/err.h"

/* Run ARGV[0], found by PATH, with our own input and output. Its exit status (128 + signal where
 * one ended it), or negative. */
int program_run(const char *const argv[], struct err **e);
/* The same; the first line that it writes is *out, to be freed ("" where there is none). */
int program_run_line(const char *const argv[], char **out, struct err **e);
