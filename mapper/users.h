/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a device of this host, partitions included. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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
/* A mount, and how to know it again when its path is opened. */
struct mounted {
	char *path;
	int mount_id;
	dev_t dev; /* of the file system, as mountinfo has it: the same for all its mounts */
	bool read_only;
	bool done; /* for who goes through a list */
};
struct mounted_list {
	struct mounted *items;
	size_t n;
};
void mounted_list_deinit(struct mounted_list *l);
#define _cleanup_mounted_list_ cleanup(mounted_list_deinit)
/* Each mount of the device, of a partition, or of what stands on them (LVM, dm-crypt); in this
 * mount namespace, then in others (paths by /proc/PID/root, good as long as that process lives).
 * One file system may be there several times. */
int device_filesystems(const struct device *d, struct mounted_list *out, struct err **e);
/* The root of M, open for reading; the caller's to close. -ENOENT, -ENOTDIR: it is no more, or no
 * directory; -ESTALE: at its path is nothing mounted by now, or another mount over it. */
int mounted_open(const struct mounted *m, struct err **e);
/* Why file systems on the device can't discard, where the device or a layer on it is the reason
 * ("dm-0 (vault) passes no discards"; the caller frees it); NULL: neither is. */
char *device_why_no_discard(const struct device *d);
/* The smallest piece that a discard frees; 0: not known, or none. */
uint64_t device_discard_granularity(const struct device *d);
