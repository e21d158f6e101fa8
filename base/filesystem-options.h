/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of mkfs and mount: checked against the list of what is let through. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Words for mkfs.TYPE, such as "-m 1 -i 65536". -EINVAL (usage): one that is not on the list. */
int mkfs_options_check(const char *type, const char *options, struct err **e);
/* Words for the mount, such as "noatime,commit=30"; TYPE NULL: of any file system. What is not
 * asked for otherwise is nosuid and nodev. *data (may be NULL) is the file system's part; the
 * caller frees it. -EINVAL (usage): one that is not on the list. */
int mount_options_parse(const char *type, const char *options, unsigned long *flags, char **data,
			struct err **e);
/* May a volume's own options have WORD, which is on the list, only where the host says so? They
 * reach beyond the volume: suid, dev. */
bool mount_option_is_privileged(const char *word);
/* Is WORD among them? OPTIONS may be NULL. WORD with '=' at its end: with any value. */
bool mount_options_have(const char *options, const char *word);
