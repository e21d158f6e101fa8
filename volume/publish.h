/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume as a directory of this host: attached, its file system made where nothing is on it,
 * checked, mounted below /run/rbdvol/mounts/, grown; and who uses the directory. What container
 * runtimes need, whichever protocol they speak; this file knows none.
 *
 * Stage and unstage are repeatable and complete what was cut off. Users are counted by an id each,
 * kept as a file below /run/rbdvol/users/: they outlive the daemon, and end with the mounts at a
 * reboot. The kernel's table of mounts has the last word: users of what is not mounted do not
 * count. Calls for one volume are not to run at the same time (the daemon's jobs see to it). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/spec.h"
#include "volume/progress.h"

struct host;

#define PUBLISH_DIRECTORY RUNSTATEDIR "/rbdvol"

/* How a volume is to be staged; owns its strings. NULL is 'not said'. */
struct stage_options {
	char *fs; /* to be made on a blank volume; NULL: never make one */
	char *mkfs_options;
	char *mount_options;
	char *map_options;
	bool read_only;
	bool shared; /* others may have it too; mounted for reading only while one of them writes */
	bool mode_given, uid_given, gid_given;
	uint64_t mode, uid, gid; /* of the root directory */
};
void stage_options_deinit(struct stage_options *w);
#define _cleanup_stage_options_ cleanup(stage_options_deinit)
/* Could this be staged at all? Looks at the words alone. -EINVAL, -EOPNOTSUPP. */
int stage_options_check(const struct stage_options *w, struct err **e);

/* The directory of SPEC; the caller frees it; NULL when out of memory. */
char *publish_directory(const struct spec *spec);
/* 1: SPEC is staged; 0: not. From the kernel's tables, at once. */
int publish_is_staged(const struct spec *spec, struct err **e);

/* The volume must exist. On failure nothing is left that would block other hosts. -EBUSY (busy): it
 * is staged already, on a device whose client is blocklisted. */
int publish_stage(struct host *h, const struct spec *spec, const struct stage_options *w,
		  struct progress *p, struct err **e);
/* Unmount, and detach what stage attached. Fine where nothing is staged, even if the volume is
 * gone. -EBUSY (busy): it has users, or somebody is in the directory or at the device. */
int publish_unstage(struct host *h, const struct spec *spec, struct progress *p, struct err **e);

/* A block device that has gone; it stays in the table of mounts. */
bool publish_is_gone(dev_t dev);
