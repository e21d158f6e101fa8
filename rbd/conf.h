/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of Ceph's configuration as they are set for a pool or an image. */
#pragma once

#include "base/err.h"
#include "base/spec.h"
#include "ceph/ioctx.h"

/* An option of Ceph's, such as "rbd_default_map_options", as it is set for this image: by 'rbd
 * config image', 'rbd config pool', the monitors or ceph.conf. The caller frees *out; NULL: there
 * is no such option. -ENOENT (not found): no such image. */
int image_conf(struct cluster *c, const struct spec *spec, const char *option, char **out,
	       struct err **e);

/* An option of Ceph's as it is set for this pool; *out is the caller's to free, NULL: there is no
 * such option. */
int ioctx_conf(struct ioctx *p, const char *option, char **out);
