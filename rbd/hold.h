/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hold: this host's right to write a volume, as docs/holds.md has it. An attribute of the
 * image's header object says who has it; every change of it is conditional upon what was read, so
 * that of two that want it one gets it. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"
#include "base/strlist.h"
#include "ceph/cluster.h"
#include "rbd/hold-state.h"

struct hold_claim {
	const struct hold *mine;
	bool steal;	   /* blocklist the client of whoever has it, and take it away */
	bool steal_shared; /* even if that client has other images, too */
	const struct strlist
		*own_clients; /* addresses of this host's kernel, to tell unknown clients */
	struct deadline deadline;
	struct strlist *told; /* a sentence for each that was evicted is added; or NULL */
};

/* 1 and *out: there is a hold (with several sharers, the one that is MINE's host's where there is
 * one; MINE may be NULL); 0: none. */
int hold_get(struct cluster *c, const struct spec *spec, const struct hold *mine, struct hold *out,
	     struct err **e);
/* The same of any hold but this boot's of MINE's host. */
int hold_get_other(struct cluster *c, const struct spec *spec, const struct hold *mine,
		   struct hold *out, struct err **e);
/* The same of MINE's host: of this boot, or of an earlier one whose client does not run any more.
 */
int hold_get_own(struct cluster *c, const struct spec *spec, const struct hold *mine,
		 struct hold *out, struct err **e);
/* Take the hold, or make this host's own like mine (an address and a time that it has stay where
 * mine has none). The client of an earlier boot of this host is blocklisted first, and if it still
 * watches the image that is waited for, 40 s at most: then it is a copy of this host. -EBUSY (held)
 * names host, address and since, and hints at what to do. With steal the client of whoever has the
 * hold is blocklisted, and after that the hold is replaced. */
int hold_take(struct cluster *c, const struct spec *spec, const struct hold_claim *claim,
	      struct err **e);
/* Clients that have the image open for writing and are neither of this host nor of anybody's hold:
 * a plain 'rbd map', QEMU. -EBUSY (held) names their addresses; with steal they are blocklisted. */
int hold_check_unknown_clients(struct cluster *c, const struct spec *spec,
			       const struct hold_claim *claim, struct err **e);
/* Note the client's address on this host's hold. -EBUSY (held): it has been lost meanwhile. */
int hold_record(struct cluster *c, const struct spec *spec, const struct hold *mine,
		struct err **e);
/* Let go of the hold of MINE's host, and of what an earlier boot of it left: 1, or 0 where there is
 * none. IMAGE_ID: the image that was mapped, whatever has its name now, and this boot's hold alone;
 * NULL: SPEC's. */
int hold_release(struct cluster *c, const struct spec *spec, const char *image_id,
		 const struct hold *mine, struct err **e);
