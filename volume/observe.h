/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an operation sees of its volume. */
#pragma once

#include "base/err.h"
#include "mapper/filesystems.h"
#include "volume/operation.h"

/* Each fills its part of o->v afresh. */
/* 1: the image is there; 0: it is not, and o->missing says what is missing; negative: not known. */
int observe_image(struct operation *o, struct err **e);
/* Hand o->missing over as the operation's error. */
int not_found(struct operation *o, struct err **e);
/* 1: mapped on this host; 0: not. By ids where a device was named or observe_image found the image,
 * else by names. */
int observe_device(struct operation *o, struct err **e);
/* A note where the readable link leads to another device than the one that was observed: an older
 * mapping of the same name, of another cluster, or of an image that was renamed since. */
void operation_note_link(struct operation *o);
/* 1: somebody holds it; 0: nobody. */
int observe_hold(struct operation *o, struct err **e);

/* Of what was found to be mounted, note what could not be reached: "WHAT was …". */
void note_unreached(struct operation *o, const char *what, const struct mounted_list *mounts);

/* For what cannot be done to a volume in use: the image is there, and not attached to this host. */
int find_detached(struct operation *o, struct err **e);
