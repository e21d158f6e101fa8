/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside mapper/: the nodes of a device, and walks over mounts and processes. */
#pragma once

#include <dirent.h>
#include <libmount/libmount.h>
#include <sys/types.h>

#include "base/strlist.h"
#include "mapper/device.h"

static inline void dir_close(DIR *d)
{
	closedir(d);
}
DEFINE_CLEANUP(DIR *, dir_close)

#define NODES_MAX 257

/* The device and its partitions; with nodes_add_holders also what stands on them. */
struct nodes {
	char *block; /* "/sys/block/rbd0" */
	dev_t devs[NODES_MAX];
	char *names[NODES_MAX]; /* "rbd0", "rbd0p1", … */
	size_t n;
};

int nodes_init(struct nodes *s, const struct device *d);
int nodes_add_holders(struct nodes *s);
void nodes_deinit(struct nodes *s);

/* Call FN for each mount in FILE of one of NODES. */
int each_mount(const char *file, const struct nodes *nodes,
	       int (*fn)(struct libmnt_fs *fs, void *data), void *data);

/* A process while it is looked at: its folder in /proc, and its name. */
struct process {
	int fd;
	const char *pid;
	char *comm;
};

int each_process(int (*fn)(const struct process *p, void *data), void *data);

/* What a walk over the processes knows. */
struct walk {
	const struct nodes *nodes;
	struct strlist *out;
	struct mounted_list *mounted; /* or these */
	ino_t *seen;		      /* mount namespaces */
	size_t n;
};

void walk_deinit(struct walk *w);
/* 1: a namespace not seen before, remembered; 0: seen, or not to be known. */
int walk_namespace(struct walk *w, int procfd, const char *path);
/* Mark this thread's namespace as seen, and that of the daemon's other threads: what a sandbox
 * shows them are the same mounts, and they go with these. */
int walk_own(struct walk *w);
