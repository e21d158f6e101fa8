/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing an image by its id. Internal to rbd/.
 *
 * The steps are those of 'rbd rm' (librbd since Ceph 15): an entry in the pool's trash says that
 * the image is to be removed; its name object goes, then its entry in the directory; then the trash
 * has it for good, nobody can open it by its name, and another image can have that name; then its
 * data and its header go. librbd takes a name, looks up what it means, and where it has no name
 * object takes the image that the directory lists. Here each step changes an object only where that
 * still means the image ID. So what is removed is the image that was looked at, or nothing.
 *
 * A client that dies on the way leaves the entry in the trash. Another 'rbd rm' of that name goes
 * on with it, but only where no new image has the name; 'rbd ls' lists it like an image. */
#pragma once

#include <stdbool.h>

#include "base/strlist.h"
#include "ceph/ioctx.h"
#include "rbd/guard.h"

/* What becomes of the snapshot that an image was cloned from. */
struct drop {
	const struct snapshot_guard *guard;
	char *dropped; /* its spec, if it was removed too; the caller's */
};

/* Remove image ID, which NAME means; of an image that has no header the name and the entry in the
 * directory. DROP: the parent's snapshot goes too, if it is ours and nobody else needs it; NULL: it
 * stays. Without an error object. -ESTALE: NAME means another image; -EBUSY: it is open somewhere,
 * or on its way to or from the trash; -ENOTEMPTY: it has snapshots; -EMLINK: it is in a group. In
 * all these cases it is as it was. After another error it may be in the trash, for
 * removals_finish. */
int image_remove(struct ioctx *p, const char *name, const char *id, struct drop *drop);

/* Add the names of P's images whose removal was interrupted, each once. Left out are images that
 * have a name still, be it another one, and those that a client is at, or was until half a minute
 * ago (its watch tells). Negative errno. */
int removals_list(struct ioctx *p, struct strlist *names);
/* Go on with every removal of IMAGE; NAME: for words; DROP as above. How many there were. -EBUSY
 * (busy): a client is at one of them. */
int removals_finish(struct ioctx *p, const char *image, const char *name, struct drop *drop,
		    struct err **e);
