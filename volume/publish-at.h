/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A staged volume mounted at more directories. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/spec.h"

/* Mount a staged volume on the directory PATH, too, which is made where it is missing. Fine where
 * it is mounted there already. -ENOENT (not found): it is not staged; -EBUSY (busy): something else
 * is mounted there. Unstage it only when it is nowhere else. */
int publish_at(const struct spec *spec, const char *path, bool read_only, struct err **e);
/* Unmount it there, and remove the directory if it is empty. Fine where it is not mounted, or there
 * is no such directory. */
int publish_leave(const struct spec *spec, const char *path, struct err **e);
