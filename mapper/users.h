/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a device of this host, and where its file systems are mounted: its partitions, all that
 * stands on it (device mapper, LVM, md, bcache, loop devices), and all mount namespaces. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/strlist.h"
#include "mapper/mapping.h"

/* Sentences such as "mounted on /srv/web", "used as swap", "held by dm-0 (crypt-web)", "exported by
 * LIO (iblock_0/web)", "open in mkfs.ext4 (pid 712)". */
int device_users(const struct device *d, struct strlist *out, struct err **e);
/* The same without open files: what will not end by itself. */
int device_lasting_users(const struct device *d, struct strlist *out, struct err **e);
/* Whether all who have the device open are udev's: workers, and what its rules have started. False
 * where nobody has. */
bool device_is_udevs(const struct device *d);

/* Where the file systems of the device are mounted in this mount namespace: paths. Cheap. */
int device_mounts(const struct device *d, struct strlist *out, struct err **e);
