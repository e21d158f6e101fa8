/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A UUID of its own for the file system of a clone. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "cli/cli.h"
#include "cli/mount-options.h"

/* Give the file system of TYPE on NODE a UUID of its own, where it is that of its parent, which
 * the daemon names in VOLUME. OPTIONS are for the daemon. */
int mount_new_uuid(struct cli *cli, const struct mount_request *m, const json_t *options,
		   const json_t *volume, const char *node, const char *type, struct err **e);
