/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File systems on a volume's device: made only where nothing is, checked and mounted. Which
 * options are let through is a list; none of them can name a path. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/err.h"

/* Can it be mounted here (ext2, ext3, ext4, xfs), or, with MADE, made as well (ext4, xfs)? */
int filesystem_known(const char *type, bool made, struct err **e);

/* Words for mkfs.TYPE, such as "-m 1 -i 65536". -EINVAL (usage): one that is not on the list. */
int mkfs_options_check(const char *type, const char *options, struct err **e);
/* Words for the mount, such as "noatime,commit=30"; TYPE NULL: of any file system. What is not
 * asked for otherwise is nosuid and nodev. *data (may be NULL) is the file system's part; the
 * caller frees it. */
int mount_options_parse(const char *type, const char *options, unsigned long *flags, char **data,
			struct err **e);

/* Is WORD among them? OPTIONS may be NULL. */
bool mount_options_have(const char *options, const char *word);

/* Nothing is on the device: libblkid finds no signature, and its first MiB has no byte but zero. 1;
 * 0: something is, and *out_what (the caller frees it) says what. */
int filesystem_blank(const char *node, char **out_what, struct err **e);
/* 1: its making was cut off, and it can't ever have been mounted; 0: not, as far as that is to be
 * seen. */
int filesystem_unfinished(const char *node, const char *type, struct err **e);
/* Make a file system, without discarding the device first. The caller knows that nothing is on it.
 */
int filesystem_make(const char *node, const char *type, const char *options,
		    struct deadline deadline, struct err **e);
/* Where it was not left clean, let its checker repair what it safely can. 1: it did; 0: clean, or
 * a log that the mount replays. -EUCLEAN: errors are left. */
int filesystem_check(const char *node, const char *type, struct deadline deadline, struct err **e);
/* TARGET is a folder. READ_ONLY: nothing is written to the device, not even its log replayed. */
int filesystem_mount(const char *node, const char *type, const char *target, const char *options,
		     bool read_only, struct err **e);
/* Fine where nothing is mounted. -EBUSY (busy): somebody is in it. */
int filesystem_umount(const char *target, struct err **e);
