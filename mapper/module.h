/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's rbd driver: loaded through libkmod, and what it can do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Load rbd (with single_major=Y) unless it is there. -EOPNOTSUPP (unsupported): this kernel has no
 * rbd. */
int module_load(struct err **e);
/* RBD_FEATURE_* bits of /sys/bus/rbd/supported_features; kernels before 4.11 do not say: layering
 * then. Loads. */
int module_features(uint64_t *out, struct err **e);
/* This kernel's version as KERNEL(major, minor) (uname). */
unsigned kernel_version(void);
