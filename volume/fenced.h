/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which devices of this host are dead since the cluster has shut their client out. Thread-safe. */
#pragma once

#include "volume/volume.h"

struct fenced;
struct fenced *fenced_new(void); /* NULL: out of memory */
void fenced_free(struct fenced *f);

/* Set .fenced of VOLUMES that are attached here. C that does not answer within a moment leaves it
 * unset. */
void fenced_mark(struct fenced *f, struct cluster *c, struct volume_info *volumes, size_t n);
