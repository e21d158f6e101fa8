/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mounted where, in this mount namespace. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* 1 and *out: the device that is mounted on the directory TARGET (an absolute path without links),
 * the topmost where there are several; 0: nothing is. Asks the kernel's table alone, never the file
 * system. */
int mount_find(const char *target, dev_t *out, struct err **e);

/* Whether /etc/fstab asks that what is mounted on TARGET is not trimmed by itself: the option
 * X-fstrim.notrim, which fstrim honours, too. */
bool mount_is_notrim(const char *target);
