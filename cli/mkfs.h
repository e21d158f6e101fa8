/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What blkid finds on a device, and making a file system on a blank one. */
#pragma once

#include <jansson.h>

#include "base/err.h"

/* TAG, such as TYPE or UUID, of what blkid finds on NODE: to be freed; "" where it finds none. */
int mount_probe(const char *node, const char *tag, char **out, struct err **e);

/* Make a file system of TYPE on NODE, where the daemon says that it is blank: SHOWN is what it
 * shows of it with 'blank'. -EEXIST (exists): it is not. */
int mount_mkfs(const json_t *shown, const char *node, const char *type, struct err **e);
