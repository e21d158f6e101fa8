/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rbdvol knows of types of file systems: how they are made, which options are let through, and
 * which are given at each mount, whoever mounts. No option that is let through can name a path. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct filesystem {
	const char *type;
	bool mounted; /* by rbdvold, for containers */
	bool made;    /* likewise */
	/* Words for mkfs.TYPE: quietly, and without discarding the device first; ends with NULL. */
	const char *make[4];
	const char *force;     /* the word that makes it on what is not blank */
	const char *no_replay; /* mount option: do not replay the log of what is read-only */
	const char *twin;      /* mount option: another may have the same UUID */
	const char *safe;      /* mount option: whatever the superblock says, a fault of the volume
				* does not end the host */
	uint64_t least_bytes;  /* a smaller volume has no room for one */
};
/* Exit statuses of e2fsck, a sum of these, after which all is well. */
enum { E2FSCK_FIXED = 1, E2FSCK_REBOOT = 2 };
/* NULL: rbdvol knows nothing of the type. */
const struct filesystem *filesystem_find(const char *type);

/* Can it be mounted for containers (ext2, ext3, ext4, xfs), or, with MADE, made as well (ext4,
 * xfs)? -EOPNOTSUPP (unsupported). */
int filesystem_known(const char *type, bool made, struct err **e);
/* -EINVAL (usage): a volume of BYTES has no room for a file system of TYPE. */
int filesystem_check_size(const char *type, uint64_t bytes, struct err **e);

enum { FILESYSTEM_READ_ONLY = 1, FILESYSTEM_OWN_UUID = 2 };
/* Write to F the mount options that TYPE gets besides GIVEN ("a,b"), each with a comma behind it.
 * How: FILESYSTEM_READ_ONLY: nothing is to be written to the device, not even its log replayed;
 * FILESYSTEM_OWN_UUID: no other has its UUID. Nothing for a type that is not known. */
void filesystem_put_options(const char *type, unsigned how, const char *given, FILE *f);

/* A superblock can have mount options, which the kernel takes as if they were given. -EPERM (not
 * permitted): NODE has one that may reach beyond the device, or its journal is on another; what is
 * among GIVEN is fine. Other types than ext2 to ext4 have none. */
int filesystem_check_superblock(const char *node, const char *type, const char *given,
				struct err **e);
