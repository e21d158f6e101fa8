/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mount.rbdvol and umount.rbdvol, which mount(8) and umount(8) call; see mount.rbdvol(8). The
 * command under these names. */
#pragma once

#include "base/strlist.h"
#include "cli/cli.h"

/* mount(8)'s exit statuses */
enum { MOUNT_DONE = 0, MOUNT_USAGE = 1, MOUNT_SYSTEM = 2, MOUNT_FAILED = 32 };

struct mount_request {
	char *volume;
	char *directory;
	char *mkfs;	    /* make this file system where the volume is new; NULL */
	char *type;	    /* of the file system; NULL: as found */
	unsigned partition; /* 0: the whole device */
	bool remount, fake;
	bool new_uuid;	      /* a clone's file system gets another than its parent's */
	char *rest;	      /* options for mount(8) */
	struct strlist flags; /* such as "-v", for mount(8) */
	bool exists;	      /* the volume was there already */
};
/* Read the command line that mount(8) gives to its helpers; what is for the daemon goes to CLI. */
int mount_request_parse(struct cli *cli, int argc, char **argv, struct mount_request *out,
			struct err **e);
void mount_request_deinit(struct mount_request *m);
#define _cleanup_mount_request_ cleanup(mount_request_deinit)

/* Words in libmount's table, for the umount: user and cluster of the line, with which to detach. */
#define MOUNT_USER_WORD	   "x-rbdvol.id="
#define MOUNT_CLUSTER_WORD "x-rbdvol.cluster="

/* The block device of VOLUME, of which the daemon says this, that M mounts; it is waited for. To
 * be freed. */
int mount_node(const struct mount_request *m, const json_t *volume, char **out, struct err **e);
/* TAG, such as TYPE or UUID, of what blkid finds on NODE: to be freed; "" where it finds none. */
int mount_probe(const char *node, const char *tag, char **out, struct err **e);

/* Give the file system of TYPE on NODE a UUID of its own, where it is that of its parent, which
 * the daemon names in VOLUME. OPTIONS are for the daemon. */
int mount_new_uuid(struct cli *cli, const struct mount_request *m, const json_t *options,
		   const json_t *volume, const char *node, const char *type, struct err **e);

/* Make a file system of TYPE on NODE, where the daemon says that it is blank: SHOWN is what it
 * shows of it with 'blank'. -EEXIST (exists): it is not. */
int mount_mkfs(const json_t *shown, const char *node, const char *type, struct err **e);

/* The exit status. */
int mount_main(struct cli *cli, int argc, char **argv);
int umount_main(struct cli *cli, int argc, char **argv);
