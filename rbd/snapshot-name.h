/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the snapshots that rbdvol takes to clone from. A name says that rbdvol took the
 * snapshot, and of which image: it ends in a check value made of the image's id and the rest of the
 * name. So a snapshot that somebody else took, renamed or copied to another image is not taken for
 * one of ours, whatever its name begins with; and since the name is given in the change that takes
 * the snapshot, no crash can leave one whose owner is not known. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* All our names begin so; 'rbdvol snapshot' refuses them. By itself it does not prove anything. */
#define SNAPSHOT_PREFIX "rbdvol-"

/* The name of the next snapshot of the image ID, whose newest one, of any kind, has the id NEWEST
 * (0: none); ATTEMPT tells names apart where one is taken. All who see the same make the same name.
 * The caller frees it; NULL when out of memory. */
char *snapshot_name_make(const char *id, uint64_t newest, unsigned attempt);
/* Whether rbdvol took the snapshot NAME, of the image ID. */
bool snapshot_name_is_ours(const char *name, const char *id);
/* Whether it may be of an older rbdvol, whose names had no check value ("rbdvol-7"): nobody knows.
 */
bool snapshot_name_may_be_old(const char *name);
