/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user may do in the cluster, found by doing what changes nothing: a plain user may not
 * ask for its capabilities. */
#pragma once

#include "ceph/cluster.h"

/* 1: it may; 0: it may not; or negative. */
/* Shut a dead owner out (for a second, a client that cannot be). */
int caps_may_blocklist(struct cluster *c, struct err **e);
/* Read and write in POOL, which is "POOL[/NAMESPACE]". -ENOENT (not found): there is no such pool.
 */
int caps_read(struct cluster *c, const char *pool, struct err **e);
int caps_write(struct cluster *c, const char *pool, struct err **e);
