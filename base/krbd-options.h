/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Map options of the kernel's rbd driver: every one known by name, type and first kernel
 * (krbd-options.def). */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"

#define KERNEL(major, minor) ((unsigned)(major) << 16 | (unsigned)(minor) << 8)
#define KERNEL_ANY	     UINT_MAX /* for what a later kernel may know */

/* Options in the order given, checked: items are "name" or "name=value", free of blanks, commas and
 * newlines. */
struct krbd_options {
	struct strlist list;
};

/* Parse "opt,opt=value" as a user writes it. -EINVAL (usage): unknown, malformed, out of range,
 * given twice, or one that rbdvol sets itself (name, key, secret, fsid, _pool_ns, ro/rw,
 * share/noshare, udev, …): the reason says which. -EOPNOTSUPP (unsupported): needs a newer kernel
 * than VERSION (KERNEL()). *out is empty after an error. */
int krbd_options_parse(const char *text, unsigned version, struct krbd_options *out,
		       struct err **e);
/* Add NAME[=VALUE] where this kernel knows it and no option of the same group (crc/nocrc) is there
 * yet. 0 (also where there was nothing to do), -EINVAL for a name or value that is none, -ENOMEM.
 */
int krbd_options_default(struct krbd_options *o, unsigned version, const char *name,
			 const char *value);
bool krbd_options_has(const struct krbd_options *o, const char *name);
/* Of one that rbdvol sets itself: what a table of volumes has in its place, "ro" or "" for nothing,
 * and *reason. NULL: it is another, or has no place there. */
const char *krbd_options_instead(const char *name, const char **reason);
/* NAME's value: "" for a flag, NULL where NAME is not there. Borrowed until O changes. */
const char *krbd_options_value(const struct krbd_options *o, const char *name);
void krbd_options_deinit(struct krbd_options *o);
#define _cleanup_krbd_options_ cleanup(krbd_options_deinit)
