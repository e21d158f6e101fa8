/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a staged volume: counted by files below /run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/spec.h"
#include "base/strlist.h"

/* -ENAMETOOLONG (usage): a directory cannot be called after it. */
int publish_spec_check(const struct spec *spec, struct err **e);

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

/* SPEC as one name of a file: with '/' and all but [A-Za-z0-9._-] as %NN. The caller frees it; NULL
 * when out of memory. */
char *publish_name(const struct spec *spec);
/* The same backwards, in place. */
void publish_name_decode(char *name);

/* mkdir -p, for root only below RUNSTATEDIR/rbdvol. */
int publish_make_directory(const char *path, struct err **e);

/* The device is ours to detach: noted before it is attached, with SERIAL 0, and again with that of
 * the device. */
int publish_own(const struct spec *spec, uint64_t serial, struct err **e);
bool publish_is_own(const struct spec *spec);
/* The device that is there has SERIAL: ours no more if it is another than was noted. */
void publish_own_check(const struct spec *spec, uint64_t serial);
/* Forget the users (the marks too, with ALL): what they used is not mounted. */
void publish_users_clear(const struct spec *spec, bool all);
