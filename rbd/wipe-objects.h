/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: the objects of an image removed one by one, past librbd. */
#pragma once

#include <rbd/librbd.h>

#include "ceph/ioctx.h"

/* 1: the image that is open for writing (and by nobody else) may lose its objects so: it has no
 * journal to tell of it, no parent that would show, no snapshot to keep them, and its object map,
 * if it has one, is valid; 0: it may not. */
int objects_removable(rbd_image_t image);
/* Remove all that are there, of the image that is open in P. TELL as in wipe_options. */
int objects_remove(struct ioctx *p, rbd_image_t image,
		   int (*tell)(void *arg, uint64_t done, uint64_t total), void *arg);
