/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is on a block device, known by a deadline. A read of a device whose cluster is away cannot
 * be interrupted; so it is a thread's, which is given up if need be. Of these there is at most one
 * for a device. Thread-safe. */
#pragma once

#include "base/deadline.h"
#include "mapper/content.h"

struct probes;

/* NULL when out of memory. */
struct probes *probes_new(void);
/* Returns at once; threads that were given up keep what they need. P may be NULL. */
void probes_end(struct probes *p);

/* As content_probe. -ETIMEDOUT (unreachable): no answer by DEADLINE, or a read from an earlier call
 * that was given up has not ended. */
int probes_content(struct probes *p, const char *node, struct deadline deadline,
		   struct content *out, struct err **e);
/* As content_ends, likewise. */
int probes_ends(struct probes *p, const char *node, struct deadline deadline, struct content *out,
		struct err **e);
