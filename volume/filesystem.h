/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File systems on a volume's device: made only where nothing is, checked and mounted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/err.h"

/* 1: its making was cut off, and it cannot ever have been mounted; 0: not, as far as that is to be
 * seen. */
int filesystem_unfinished(const char *node, const char *type, struct err **e);
/* Make a file system, without discarding the device first. The caller knows that nothing is on it.
 */
int filesystem_make(const char *node, const char *type, const char *options,
		    struct deadline deadline, struct err **e);
/* Where it was not left clean, let its checker repair what it safely can. 1: it did; 0: clean, or
 * a log that the mount replays. -EUCLEAN: errors are left. */
int filesystem_check(const char *node, const char *type, struct deadline deadline, struct err **e);
/* TARGET is a directory. READ_ONLY: nothing is written to the device, not even its log replayed.
 * -EPERM (not permitted): as of filesystem_check_superblock. */
int filesystem_mount(const char *node, const char *type, const char *target, const char *options,
		     bool read_only, struct err **e);
/* Remove lost+found from the root DIRECTORY of a file system where nothing else is. e2fsck makes it
 * anew where it needs it. */
void filesystem_empty(const char *directory);
/* Fine where nothing is mounted. -EBUSY (busy): somebody is in it. */
int filesystem_umount(const char *target, struct err **e);
