/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an attached device still has a client that is not blocklisted. */
#pragma once

#include "base/err.h"
#include "base/spec.h"
#include "volume/step.h"

/* 0, or -EBUSY (busy): SPEC's device here is one whose client is blocklisted. A cluster that does
 * not tell within a second keeps nobody from it. */
int publish_check_alive(struct host *h, const struct spec *spec, struct err **e);

/* what is attached here is not a device whose client is blocklisted */
extern const struct step step_alive;
