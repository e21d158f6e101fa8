/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Space given back. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct trim_limits {
	uint64_t minimum_bytes; /* leave shorter ranges of unused blocks alone; 0: the kernel's */
	uint64_t rate_bytes;	/* a second, on average; 0: as fast as it goes */
	/* With a rate: negative where it shall end, with that. May be NULL. */
	int (*check)(void *arg);
	void *arg;
};
/* Give the unused blocks of the file system mounted at PATH back (FITRIM). *out_bytes: what the
 * file system said, also when it fails later. -ENOENT: no such path. -EINVAL: nothing is mounted
 * there (so that no other file system is trimmed). -EOPNOTSUPP (unsupported): the file system or
 * the device has no discard. */
int mount_trim(const char *path, const struct trim_limits *limits, uint64_t *out_bytes,
	       struct err **e);
