/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/open.h"

int image_open_at(struct ioctx *p, const char *image, const char *snap, enum image_open how,
		  rbd_image_t *out)
{
	static int (*const open_as[])(rados_ioctx_t io, const char *image, rbd_image_t *out,
				      const char *snap) = {
		[IMAGE_READ] = rbd_open_read_only,
		[IMAGE_WRITE] = rbd_open,
		[IMAGE_ID_READ] = rbd_open_by_id_read_only,
		[IMAGE_ID_WRITE] = rbd_open_by_id,
	};
	int r = open_as[how](p->io, image, out, snap);

	if (r < 0)
		*out = NULL;
	return r;
}
