/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mounted where, from this process' mountinfo. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

struct mount_entry {
	dev_t dev;
	char *source; /* "/dev/rbd0" */
};
/* What was mounted last at DIRECTORY, an absolute path without links: 1 and *out, or 0. */
int mounts_find(const char *directory, struct mount_entry *out, struct err **e);
/* How many mounts there are of DEVICE, "/dev/rbd0" or a partition of it, and of its other
 * partitions. */
int mounts_of_disk(const char *device, struct err **e);
void mounted_deinit(struct mount_entry *m);
#define _cleanup_mounted_ cleanup(mounted_deinit)
