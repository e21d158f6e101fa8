/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users of a device in the kernel: swap, LIO, loop devices and the like. */
#pragma once

#include "base/strlist.h"
#include "mapper/nodes.h"

/* Who in the kernel uses one of NODES without a mount: sentences. */
int add_keepers(struct nodes *nodes, struct strlist *out);
