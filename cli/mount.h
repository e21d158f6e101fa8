/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mount.rbdvol and umount.rbdvol, which mount(8) and umount(8) call; see mount.rbdvol(8). The
 * command under these names. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "cli/cli.h"
#include "cli/mount-options.h"

/* mount(8)'s exit statuses */
enum { MOUNT_DONE = 0, MOUNT_USAGE = 1, MOUNT_SYSTEM = 2, MOUNT_FAILED = 32 };

/* Words in libmount's table, for the umount: user and cluster of the line, with which to detach. */
#define MOUNT_USER_WORD	   "x-rbdvol.id="
#define MOUNT_CLUSTER_WORD "x-rbdvol.cluster="

/* The block device of VOLUME, of which the daemon says this, that M mounts; it is waited for. To
 * be freed. */
int mount_node(const struct mount_request *m, const json_t *volume, char **out, struct err **e);

/* The exit status. */
int mount_main(struct cli *cli, int argc, char **argv);
