/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of device nodes, as anybody may name them. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* The number of the block device at PATH, a node or link below /dev. Nothing outside of it, and no
 * other file system mounted there, is looked at: -EINVAL (usage), as for what is not a block
 * device. -ENOENT (not found): there is nothing. Does not open the device. */
int node_dev(const char *path, dev_t *out, struct err **e);
