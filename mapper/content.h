/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libblkid sees on a block device. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Empty strings are NULL. */
struct content {
	char *type; /* "ext4", "crypto_LUKS", …; "ambiguous": several at once; NULL: nothing known
		     */
	char *label;
	char *uuid;
	char *partition_table; /* "gpt", "dos"; NULL */
	bool zero;	       /* by content_ends: nothing known, and both ends are zeros */
};
/* Opens the device read-only, so that udev's watch on it stays quiet. */
int content_probe(const char *node, struct content *out, struct err **e);
/* The same, with a look at the first and last MiB; what was written to the device is written. */
int content_ends(const char *node, struct content *out, struct err **e);
void content_deinit(struct content *c);
#define _cleanup_content_ cleanup(content_deinit)
