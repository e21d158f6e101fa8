/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What publish.c (staging) and publish-users.c (the files below /run) share. */
#pragma once

#include "volume/publish.h"

/* SPEC as one name of a file: with '/' and all but [A-Za-z0-9._-] as %NN. The caller frees it; NULL
 * when out of memory. */
char *publish_name(const struct spec *spec);
/* The same backwards, in place. */
void publish_name_decode(char *name);
/* A block device that has gone; it stays in the table of mounts. */
bool publish_is_gone(dev_t dev);
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
