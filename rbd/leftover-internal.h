/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: what finding leftovers and removing them share. */
#pragma once

#include "rbd/image-internal.h"
#include "rbd/leftover.h"

/* NAME taken apart, and the place that it is in. */
int leftover_open(struct cluster *c, const char *name, struct spec *spec, struct ioctx *p,
		  struct err **e);
/* 1: IMAGE is listed, but there is no such image, and nobody can be about to make it; 0: else. */
int is_remains(struct ioctx *p, const char *image);
