/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom to blocklist when a hold is taken from its host. What a hold says may have been written by
 * anybody who can write the image's header, so it counts only as far as the cluster itself knows
 * the same. Internal to rbd/. */
#pragma once

#include "rbd/clients.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"

struct eviction {
	struct strlist clients;	 /* addresses to blocklist */
	struct strlist suspects; /* those of them that may have other images, too */
};
void eviction_deinit(struct eviction *v);
#define _cleanup_eviction_ cleanup(eviction_deinit)

/* Add the client that H names. -EBUSY (held): it is one of this host's, or no client of the image
 * that the cluster knows, and not blocklisted yet. Of an earlier boot of this host such a one is
 * left out: it cannot run any more. */
int evict_holder(struct ioctx *p, const struct spec *spec, const struct hold *h,
		 const struct hold_claim *claim, const struct image_clients *clients,
		 struct eviction *v, struct err **e);
/* Add a client that watches the image and has no hold. */
int evict_watcher(const char *address, struct eviction *v, struct err **e);
/* Blocklist them, and return when that is in force. -EBUSY (held): one of them has other images,
 * or may have, and the claim does not allow for that; they are named. */
int evict(struct cluster *c, struct ioctx *p, const struct spec *spec,
	  const struct hold_claim *claim, const struct image_clients *clients,
	  const struct eviction *v, struct err **e);
