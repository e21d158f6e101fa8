/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has an image open for writing. Internal to rbd/. */
#pragma once

#include <stdbool.h>

#include "base/deadline.h"
#include "base/strlist.h"
#include "ceph/ioctx.h"

/* Programs that open an image for a moment (a resize, a snapshot) are waited for this long. */
#define WATCHERS_PATIENCE_US (4 * USEC_PER_SEC)

struct watcher {
	char *address; /* "ip:port/nonce" */
	bool own;      /* this very connection */
	bool ours;     /* a connection of this process, this one or another */
	bool kernel;   /* a mapping by krbd, which lasts; else librbd */
};
struct watchers {
	struct watcher *items;
	size_t n;
};
void watchers_deinit(struct watchers *w);
#define _cleanup_watchers_ cleanup(watchers_deinit)

/* Of IMAGE, open in P. Negative errno. */
int watchers_list(struct ioctx *p, rbd_image_t image, struct watchers *out);
/* Of SPEC's image. What watchers_keep has of it is made use of, if it was a short time ago. */
int watchers_get(struct ioctx *p, const struct spec *spec, struct watchers *out, struct err **e);
/* IMAGE, open for reading in P under ID, is closed later: until then watchers_get can do without
 * the round trips of opening it. What the handle knows of the image may be old by then, but who
 * watches is asked of the cluster each time. */
void watchers_keep(struct ioctx *p, const char *id, rbd_image_t image);
/* 0, or -EBUSY and who (but this connection) has IMAGE open for writing. NAME: for words. */
int watchers_refuse(struct ioctx *p, rbd_image_t image, const char *name, struct deadline patience,
		    struct err **e);
/* The same of the image ID, which is waited for as long as programs take; 1: it has no header. */
int watchers_refuse_id(struct ioctx *p, const char *id, const char *name, struct err **e);
