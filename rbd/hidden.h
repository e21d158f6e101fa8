/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing images under hidden names: clones that were never published, and what a reset replaced.
 * Internal to rbd/.
 *
 * A hidden name alone proves nothing: anybody can give it to an image. Nobody writes to a clone
 * before it is published, so one that has no data of its own loses none. What a reset replaced has
 * data; it carries a note with its own id, which no copy of it has. */
#pragma once

#include <stdbool.h>

#include "base/deadline.h"
#include "ceph/ioctx.h"

/* Whether IMAGE has the form of a name that name_hidden or name_outgoing makes. */
bool hidden_name_is_ours(const char *image);
/* 1: the image ID, which is called HIDDEN, may be removed, as above; 0: not. Negative errno. */
int hidden_is_leftover(struct ioctx *p, const char *hidden, const char *id);
/* 1: HIDDEN is all that is left of a name: the image ID is published, but that was interrupted; 0:
 * not. Negative errno. */
int hidden_is_published(struct ioctx *p, const char *hidden, const char *id);
/* Remove it; fine where there is none. Nobody is blocklisted. -EUCLEAN: it is not proved that it
 * may go; -EBUSY: it is open somewhere. Without an error object. */
int hidden_remove(struct ioctx *p, const char *hidden);
/* The same, after blocklisting a dead predecessor on this host that still watches it. -EBUSY
 * (busy): a client elsewhere has it open, or (-EALREADY) this process works on it. */
int name_discard(struct ioctx *p, const char *hidden, struct deadline deadline, struct err **e);
/* Remove an outgoing image. Who still has it open is not blocklisted: a dead client's watch is
 * waited for, and -EBUSY says who does not end. */
int outgoing_discard(struct ioctx *p, const char *outgoing, struct deadline deadline,
		     struct err **e);
