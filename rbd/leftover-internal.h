/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: what finding leftovers and removing them share. */
#pragma once

#include "rbd/image-internal.h"
#include "rbd/leftover.h"

/* NAME taken apart, and the place that it is in. */
int leftover_open(struct cluster *c, const char *name, struct spec *spec, struct ioctx *p,
		  struct err **e);
enum remains {
	NO_REMAINS, /* there is an image, or one may be about to be made */
	REMAINS,    /* the name is listed, but means no image and no data */
	HAS_DATA,   /* the same, but there is data: an image has lost its header */
};
/* An enum remains, and *id (the caller frees it) the id that the directory has; or negative. */
int find_remains(struct ioctx *p, const char *image, char **id);
