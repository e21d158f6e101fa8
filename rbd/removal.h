/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removals that librbd was cut short in. Internal to rbd/.
 *
 * librbd (api/Image.cc, since Ceph 15) moves an image to the pool's trash first, noted as being
 * removed, and removes it there: its name is free at once. A client that dies meanwhile leaves the
 * image there, with all that it has of data. Another 'rbd rm' of that name goes on with it, but
 * only where no new image has the name; 'rbd ls' lists it like an image. */
#pragma once

#include <stdbool.h>

#include "base/strlist.h"
#include "ceph/ioctx.h"

/* Add the names of P's images whose removal was cut short, each once. One that a client is at, or
 * was until half a minute ago (its watch tells), is left out. Negative errno. */
int removals_list(struct ioctx *p, struct strlist *names);
/* Go on with every removal of IMAGE; NAME: for words. How many there were. -EBUSY (busy): a client
 * is at one of them. */
int removals_finish(struct ioctx *p, const char *image, const char *name, struct err **e);
