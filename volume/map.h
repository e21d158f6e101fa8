/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping a volume, as steps. */
#pragma once

#include "volume/step.h"

extern const struct step step_check; /* the kernel has rbd, the options make sense */
extern const struct step step_map;   /* mapped on this host */
