/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a device of this host, partitions included. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"

struct device;

/* Sentences such as "mounted on /srv/web", "used as swap", "held by dm-0 (crypt-web)", "open in
 * mkfs.ext4 (pid 712)". Mounts in all mount namespaces that a process is in. */
int device_users(const struct device *d, struct strlist *out, struct err **e);
/* The same without open files, and without reading every process' descriptors: what will not end by
 * itself. */
int device_lasting_users(const struct device *d, struct strlist *out, struct err **e);
/* Where the device or a partition of it is mounted in this mount namespace (for writing, if
 * WRITABLE). */
int device_mounts(const struct device *d, bool writable, struct strlist *out, struct err **e);
