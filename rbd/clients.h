/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients of an image that the cluster itself knows: whoever watches its header, and whoever
 * owns its lock, which stays after the client has died. Internal to rbd/. */
#pragma once

#include "rbd/watchers.h"

struct image_clients {
	struct watchers watchers;
	struct strlist owners; /* addresses of the owners of the image's lock */
};
void image_clients_deinit(struct image_clients *c);
#define _cleanup_image_clients_ cleanup(image_clients_deinit)

/* Of SPEC's image, whose header is OBJECT. */
int image_clients_get(struct ioctx *p, const struct spec *spec, const char *object,
		      struct image_clients *out, struct err **e);
/* Whether the client at ADDRESS watches the image: it runs, or did less than 30 s ago. */
bool image_clients_runs(const struct image_clients *c, const char *address);
/* Add "pool/image" of each image but SPEC's that one of the clients at ADDRESSES watches.
 * -ETIMEDOUT: END came first. */
int image_clients_elsewhere(struct cluster *c, const struct spec *spec,
			    const struct strlist *addresses, struct deadline end,
			    struct strlist *out, struct err **e);
/* Whether it is a client of the image, or was when it died. */
bool image_clients_has(const struct image_clients *c, const char *address);
