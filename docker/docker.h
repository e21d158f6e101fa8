/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protocol of Docker's volume plugins, version 1, which Podman speaks too: names and options of
 * theirs become volumes of ours. */
#pragma once

#include "daemon/api.h"

extern const struct front docker_front;

/* Let go of what was staged for a runtime that did not come back for it. At once: as jobs. */
void docker_tend(struct service *s);
