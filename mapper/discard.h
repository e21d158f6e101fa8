/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Space given back. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct trim_limits {
	uint64_t minimum_bytes; /* leave shorter ranges of unused blocks alone; 0: the kernel's */
	uint64_t rate_bytes;	/* a second, on average; 0: as fast as it goes */
	/* Asked after each step: negative where it shall end, with that. May be NULL. */
	int (*check)(void *arg);
	void *arg;
};
struct trim_result {
	uint64_t bytes;	     /* what the file system said, also when it failed later */
	uint64_t step_bytes; /* what it took at a time; 0: all, a rate was not kept */
};
/* Give the unused blocks of the file system whose root is open as FD back (FITRIM); PATH is for
 * words. -EOPNOTSUPP (unsupported): the file system or the device has no discard. */
int mount_trim(int fd, const char *path, const struct trim_limits *limits, struct trim_result *out,
	       struct err **e);
