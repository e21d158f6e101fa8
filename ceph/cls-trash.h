/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The trash of a pool, by methods of the OSDs' class 'rbd' (see cls.h). */
#pragma once

#include <rados/librados.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/strlist.h"

/* An entry of the pool's trash. librbd notes here what it does to an image before it changes the
 * image's name, its entry in the directory, or the image. */
enum trash_state { TRASH_NORMAL, TRASH_MOVING, TRASH_REMOVING, TRASH_RESTORING };
struct trash_entry {
	char *id, *name;
	bool to_remove; /* by 'rbd rm', by 'rbdvol delete'; else kept for people, or migrating */
	enum trash_state state;
};
void trash_entry_deinit(struct trash_entry *t);
#define _cleanup_trash_entry_ cleanup(trash_entry_deinit)
/* -ENOENT: image ID is not in the trash. */
int cls_trash_get(rados_ioctx_t io, const char *id, struct trash_entry *out);
/* Add image ID, called NAME, which is to be removed, in the state MOVING. -EEXIST: it is in. */
int cls_trash_add(rados_ioctx_t io, const char *id, const char *name);
/* -ESTALE: it is not in the state FROM. */
int cls_trash_set_state(rados_ioctx_t io, const char *id, enum trash_state from,
			enum trash_state to);
/* Take the entry, nothing else, out of the trash. */
int cls_trash_forget(rados_ioctx_t io, const char *id);
/* The images that are in the pool's trash to be removed, and that nobody is bringing back (librbd's
 * own list leaves them out): their ids, and at the same place of NAMES what they were called.
 * -ENOENT: there was never a trash. */
int cls_removals(rados_ioctx_t io, struct strlist *ids, struct strlist *names);
