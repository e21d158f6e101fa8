/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shutting clients out of the cluster, each by its address and nonce: never a whole host. */
#pragma once

#include "base/strlist.h"
#include "ceph/ioctx.h"

/* Shut the clients at ADDRESSES out, and return when no placement group that SPEC's image can have
 * data in takes anything of theirs any more. Repeating it is fine. */
int fence(struct ioctx *p, const struct spec *spec, const struct strlist *addresses,
	  struct err **e);
