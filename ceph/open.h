/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image is opened by its name, or by its id, which it keeps when it is renamed. */
#pragma once

#include <rbd/librbd.h>

#include "ceph/ioctx.h"

enum image_open {
	IMAGE_READ,  /* leaves no watch, takes no lock: ceph/close.h has _cleanup_image_ */
	IMAGE_WRITE, /* _cleanup_writable_image_ */
	IMAGE_ID_READ,
	IMAGE_ID_WRITE,
};

/* Open IMAGE, a name or an id, of P: at its snapshot SNAP, or (NULL) at its head. 0 and *out; or a
 * negative errno, and *out is NULL. */
int image_open_at(struct ioctx *p, const char *image, const char *snap, enum image_open how,
		  rbd_image_t *out);
