/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creation of a volume, as a step of other operations. */
#pragma once

#include "volume/step.h"

extern const struct step step_volume; /* the image exists, with the parent and size asked for */
