/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a trim may give back. */
#pragma once

#include "volume/volume.h"

/* What of V's usage its mounted file systems do not use, at most: file systems that cover
 * most of the device; else it stays unknown. */
void observe_reclaimable(struct volume_info *v);
