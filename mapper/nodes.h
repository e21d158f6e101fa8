/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block devices that stand on a device. Nothing here asks a file system that may hang. */
#pragma once

#include <dirent.h>
#include <libmount/libmount.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "mapper/mapping.h"

DEFINE_CLEANUP(struct libmnt_table *, mnt_unref_table)
DEFINE_CLEANUP(struct libmnt_iter *, mnt_free_iter)

#define NODES_MAX 257

/* A device and its partitions; with nodes_add_layers also what stands on them: device mapper, md,
 * bcache, and loop devices, on a node or on a file in a file system on a node. The lowest come
 * first. */
struct nodes {
	dev_t devs[NODES_MAX];
	char *names[NODES_MAX]; /* "rbd0", "rbd0p1", "dm-0", … */
	size_t n;
	bool nested[NODES_MAX];	     /* on a file in a file system on another node */
	size_t own;		     /* number of the device and its partitions */
	struct libmnt_table *mounts; /* of our own namespace, once they are needed */
	/* The other devices of each mounted Btrfs that has one of the nodes. */
	dev_t peers[NODES_MAX];
	size_t peers_n;
};

int nodes_init(struct nodes *s, const struct device *d);
int nodes_add_layers(struct nodes *s);
/* The layers and the peers. */
int nodes_add_all(struct nodes *s);
void nodes_deinit(struct nodes *s);
/* The index of DEV; -1: it is none of the nodes. */
ssize_t nodes_find(const struct nodes *s, dev_t dev);
bool nodes_have_peer(const struct nodes *s, dev_t dev);
/* "dm-0 (vault)" or "loop0": how to name a node that is a layer; the caller frees it. */
char *node_describe(const char *name);
/* The type of the file system that the kernel has mounted from node NAME, wherever; NULL: none, or
 * it does not tell. Static. */
const char *node_filesystem(const char *name);
/* The device number behind a path below /dev; 0 where it is none. */
dev_t source_dev(const char *path);
/* What backs the loop device NAME: the device of a node, and the file system of a file; 0: none. */
struct backing {
	dev_t node, filesystem;
};
struct backing loop_backing(struct nodes *s, const char *name);
/* Whether PATH, as this mount namespace sees it, may be on a file system that can hang. */
bool path_is_remote(struct nodes *s, const char *path);

/* Call FN for each entry of the directory PATH that begins with PREFIX; no directory: no entries.
 */
int each_entry(const char *path, const char *prefix, int (*fn)(const char *name, void *data),
	       void *data);
