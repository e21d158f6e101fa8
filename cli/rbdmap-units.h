/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units and hooks that an rbdmap file refers to. */
#pragma once

#include "base/err.h"
#include "cli/rbdmap-plan.h"

int rbdmap_plan_units(struct rbdmap_plan *p, struct err **e);
int rbdmap_plan_hooks(struct rbdmap_plan *p, struct err **e);
