/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Space given back. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Give the unused blocks of the file system mounted at PATH back (FITRIM). *out_bytes: what the
 * file system said. -EINVAL: nothing is mounted there (so that no other file system is trimmed).
 * -EOPNOTSUPP (unsupported): the file system or the device has no discard. */
int mount_trim(const char *path, uint64_t *out_bytes, struct err **e);
