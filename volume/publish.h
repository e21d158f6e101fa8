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

#include "volume/volume.h"

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

/* -ENAMETOOLONG (usage): a directory cannot be called after it. */
int publish_spec_check(const struct spec *spec, struct err **e);

/* A note on the volume in the cluster; as image_note_get and image_note_set. */
int publish_note_get(struct host *h, const struct spec *spec, const char *key, char **out,
		     struct err **e);
int publish_note_set(struct host *h, const struct spec *spec, const char *key, const char *value,
		     struct err **e);

/* Note whether the volume was made for who asks, and is his to delete; as image_made_set and
 * image_made_get. */
int publish_made_set(struct host *h, const struct spec *spec, bool made, struct err **e);
int publish_made_get(struct host *h, const struct spec *spec, struct err **e);

/* 1: another host holds the volume for writing, and *out_host (the caller frees it) is its name; 0:
 * none does. */
int publish_other_writer(struct host *h, const struct spec *spec, char **out_host, struct err **e);

/* The room that is left for new volumes in POOL; as cluster_available. */
int publish_capacity(struct host *h, const char *pool, uint64_t *out_bytes, struct err **e);

/* The directory of SPEC; the caller frees it; NULL when out of memory. */
char *publish_directory(const struct spec *spec);
/* 1: SPEC is staged; 0: not. From the kernel's tables, at once. */
int publish_is_staged(const struct spec *spec, struct err **e);
/* 0, or -EBUSY (busy): SPEC's device here is one whose client is blocklisted. A cluster that does
 * not tell within a second keeps nobody from it. */
int publish_check_alive(struct host *h, const struct spec *spec, struct err **e);
/* The volume must exist. On failure nothing is left that would block other hosts. -EBUSY (busy): it
 * is staged already, on a device whose client is blocklisted. */
int publish_stage(struct host *h, const struct spec *spec, const struct stage_options *w,
		  struct progress *p, struct err **e);
/* Unmount, and detach what stage attached. Fine where nothing is staged, even if the volume is
 * gone. -EBUSY (busy): it has users, or somebody is in the directory or at the device. */
int publish_unstage(struct host *h, const struct spec *spec, struct progress *p, struct err **e);

/* Mount a staged volume on the directory PATH, too, which is made where it is missing. Fine where
 * it is mounted there already. -ENOENT (not found): it is not staged; -EBUSY (busy): something else
 * is mounted there. Unstage it only when it is nowhere else. */
int publish_at(const struct spec *spec, const char *path, bool read_only, struct err **e);
/* Unmount it there, and remove the directory if it is empty. Fine where it is not mounted, or there
 * is no such directory. */
int publish_leave(const struct spec *spec, const char *path, struct err **e);

/* -EINVAL (usage): nobody can be counted under ID. */
int publish_user_check(const char *id, struct err **e);
/* Count ID as a user of a staged volume; once, however often it is added. -EINVAL (usage): no id.
 */
int publish_user_add(const struct spec *spec, const char *id, struct err **e);
/* Fine where it is none. */
int publish_user_remove(const struct spec *spec, const char *id, struct err **e);
/* How many users there are. */
int publish_users(const struct spec *spec, unsigned *out, struct err **e);

/* Specs that somebody began to stage and that nobody has used for AGE_US: for publish_unstage. */
int publish_idle(uint64_t age_us, struct strlist *out, struct err **e);
