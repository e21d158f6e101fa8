/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol's udev rules: whether they are in force. */
#pragma once

#include "base/err.h"

/* 0 and *path: the file that udevd reads; the caller frees it. -ENOENT (failed): there is none, or
 * another hides it; -ECONNREFUSED: no udevd runs. */
int rules_in_force(char **path, struct err **e);
