/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file systems of a device and their mounts, in all mount namespaces. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strlist.h"
#include "mapper/mapping.h"

struct visitor;

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

/* The root of M, open for reading; the caller's to close. -ENOENT: it no longer exists; -ENOTDIR:
 * it is neither a directory nor a file; -ESTALE: at its path is nothing mounted, or another mount.
 */
int mounted_open(const struct mounted *m, struct err **e);

/* Why file systems on the device cannot discard, where the device or a layer on it is the reason
 * ("dm-0 (vault) passes no discards"; the caller frees it); NULL: neither is. */
char *device_why_no_discard(const struct device *d);
/* The smallest piece that a discard frees; 0: not known, or none. */
uint64_t device_discard_granularity(const struct device *d);
