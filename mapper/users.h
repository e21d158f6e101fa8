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

struct device;
struct visitor;

/* Sentences such as "mounted on /srv/web", "used as swap", "held by dm-0 (crypt-web)", "exported by
 * LIO (iblock_0/web)", "open in mkfs.ext4 (pid 712)". */
int device_users(const struct device *d, struct strlist *out, struct err **e);
/* The same without open files: what will not end by itself. */
int device_lasting_users(const struct device *d, struct strlist *out, struct err **e);
/* Whether all who have the device open are udev's: workers, and what its rules have started. False
 * where nobody has. */
bool device_is_udevs(const struct device *d);

/* A mount, and how to know it again when its path is opened. */
struct mounted {
	char *path;  /* for programs: good as long as the list is */
	char *shown; /* for people: the path in its mount namespace, and which that is */
	char *layer; /* "dm-0 (vault)" where it is on that; NULL: on the device or a partition */
	size_t node; /* grows with the number of layers below */
	bool nested; /* inside of a file of another of these file systems */
	int mount_id;
	dev_t dev; /* of the file system, as mountinfo has it: the same for all its mounts */
	bool read_only;
	bool done; /* for who goes through a list */
};
struct mounted_list {
	struct mounted *items;
	size_t n;
	/* File systems and mount namespaces that could not be looked at, each with the reason. */
	struct strlist unreached;
	struct visitor **visitors; /* what keeps the paths */
	size_t visitors_n;
};
void mounted_list_deinit(struct mounted_list *l);
#define _cleanup_mounted_list_ cleanup(mounted_list_deinit)
/* Each mount of each file system of the device: in this mount namespace, then in all others. One
 * file system may be there several times. */
int device_filesystems(const struct device *d, struct mounted_list *out, struct err **e);
/* Where the file systems of the device are mounted in this mount namespace: paths. Cheap. */
int device_mounts(const struct device *d, struct strlist *out, struct err **e);
/* The root of M, open for reading; the caller's to close. -ENOENT: it no longer exists; -ENOTDIR:
 * it is neither a directory nor a file; -ESTALE: at its path is nothing mounted, or another mount.
 */
int mounted_open(const struct mounted *m, struct err **e);
/* What the file systems of the device, and programs that write to it, have not written yet is
 * written. NOTES gets a sentence for each that could not be reached by itself. Waits for the disk
 * without end, as sync(2) does. */
int device_sync(const struct device *d, struct strlist *notes, struct err **e);
/* Why file systems on the device cannot discard, where the device or a layer on it is the reason
 * ("dm-0 (vault) passes no discards"; the caller frees it); NULL: neither is. */
char *device_why_no_discard(const struct device *d);
/* The smallest piece that a discard frees; 0: not known, or none. */
uint64_t device_discard_granularity(const struct device *d);
