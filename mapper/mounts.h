/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mounted where, in this mount namespace. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* 1 and *out: the device that is mounted on the folder TARGET (an absolute path without links), the
 * topmost where there are several; 0: nothing is. Asks the kernel's table alone, never the file
 * system. */
int mount_find(const char *target, dev_t *out, struct err **e);
