/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device, and the file system on it, take over a larger image. */
#pragma once

#include "base/deadline.h"
#include "mapper/mapping.h"

/* Wait until the kernel has D at SIZE_BYTES, asking it to look. */
int device_wait_size(struct device *d, uint64_t size_bytes, struct deadline deadline,
		     struct err **e);
/* Let the ext4, XFS or Btrfs that lies on the whole of D, and whose root is open as FD, fill the
 * device. PATH is for messages. 1: it does; 0: nothing of the kind is mounted there (a partition,
 * another file system). */
int mount_grow(int fd, const char *path, const struct device *d, struct err **e);
