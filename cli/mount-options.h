/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of mount.rbdvol(8), parsed. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strlist.h"
#include "cli/cli.h"

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
