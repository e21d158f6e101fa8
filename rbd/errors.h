/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an error of librbd means: that depends on the call and on the image. Internal to rbd/. */
#pragma once

#include "base/err.h"
#include "ceph/ioctx.h"

enum call {
	CALL_ANY,
	CALL_CREATE,
	CALL_CLONE,
	CALL_OPEN,
	CALL_RESIZE,
	CALL_SNAPSHOT,
	CALL_CHANGE, /* any other that writes */
};

/* Make the error of CALL, which returned R, for IMAGE of P; where it may matter, look at the state
 * of image and pool. SIZE_BYTES is what was asked for, or 0. Returns r. */
int image_fail(struct ioctx *p, enum call call, const char *image, uint64_t size_bytes, int r,
	       struct err **e, const char *fmt, ...) _printf_(7, 8);
