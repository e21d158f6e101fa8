/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks over processes and mount namespaces. Nothing here asks a file system that may hang. */
#pragma once

#include <libmount/libmount.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/strlist.h"
#include "mapper/nodes.h"

/* A process while it is looked at: its directory in /proc, and its name. */
struct process {
	int fd;
	const char *pid;
	char *comm;
};
int each_process(int (*fn)(const struct process *p, void *data), void *data);
/* Call FN for each open file of P: its number and what it shows as. 1 and more from FN ends it. */
int each_open_file(const struct process *p,
		   int (*fn)(const struct process *p, const char *fd, const char *shown,
			     void *data),
		   void *data);
/* A descriptor of the same open file, without a walk of its path; the caller closes it. */
int process_take_file(const struct process *p, const char *fd);
/* Whether udev runs the process: a worker, or what a rule has started. */
bool process_is_udev(const struct process *p);

/* A thread in a mount namespace: keeps it, and is the way to its mounts. */
struct visitor;
void visitor_free(struct visitor *v);

/* A mount namespace while it is looked at. */
struct view {
	const char *who;  /* "in the mount namespace of sleep (pid 71)"; NULL: our own */
	const char *root; /* before each path; "" for our own */
	struct libmnt_table *table;
	struct visitor *visitor; /* without it ROOT leads nowhere; may be taken; NULL for our own */
};
/* Call FN for each mount namespace: our own, those of processes and threads, and those that only an
 * open file or a bind mount keeps. The daemon's other threads have the same mounts as we, or look
 * at other's. Those that cannot be entered are described in UNREACHED, which may be NULL. */
int each_view(int (*fn)(struct view *v, void *data), void *data, struct strlist *unreached);
/* Call FN for each mount of one of NODES in V; NODE is its index, or -1 for a peer of one. */
int each_mount(const struct view *v, const struct nodes *nodes,
	       int (*fn)(const struct view *v, struct libmnt_fs *fs, ssize_t node, void *data),
	       void *data);
