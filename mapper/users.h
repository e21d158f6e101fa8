/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a device of this host, partitions included. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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
/* Paths that lead to each writable mount of the device, of a partition, or of what stands on them
 * (LVM, dm-crypt); in this mount namespace, then in others (by /proc/PID/root, good as long as that
 * process lives). One file system may be there several times. */
int device_filesystems(const struct device *d, struct strlist *out, struct err **e);
/* Why file systems on the device can't discard, where the device or a layer on it is the reason
 * ("dm-0 (vault) passes no discards"; the caller frees it); NULL: neither is. */
char *device_why_no_discard(const struct device *d);
/* The smallest piece that a discard frees; 0: not known, or none. */
uint64_t device_discard_granularity(const struct device *d);
