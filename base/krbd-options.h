/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Map options of the kernel's rbd driver: every one known by name, type and first kernel
 * (krbd-options.def). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"

#define KERNEL(major, minor) ((unsigned)(major) << 16 | (unsigned)(minor) << 8)

/* Checked: items are "name" or "name=value", free of blanks, commas and newlines. */
struct krbd_options {
	struct strlist list;   /* in the order given */
	struct strlist doubts; /* defaults that a kernel of this version may not know */
};

/* Parse "opt,opt=value" as a user writes it. -EINVAL (usage): unknown, malformed, out of range,
 * given twice, or one that rbdvol sets itself (name, key, secret, fsid, _pool_ns, ro/rw,
 * share/noshare, udev, …): the reason says which. Whether the kernel knows them is for it to say:
 * its version does not tell, since distributions take them into older ones. *out is empty after an
 * error. */
int krbd_options_parse(const char *text, struct krbd_options *out, struct err **e);
/* Add what Ceph's configuration has as default options of 'rbd device map', TEXT, each where no
 * option of its group (crc/nocrc) is there yet. Those that rbdvol sets itself are left out, and
 * named in LEFT_OUT. Errors as of krbd_options_parse. */
int krbd_options_add_ceph(struct krbd_options *o, const char *text, struct strlist *left_out,
			  struct err **e);
/* Add NAME[=VALUE] where no option of the same group is there yet. 0 (also where there was nothing
 * to do), -EINVAL for a name or value that is none, -ENOMEM. */
int krbd_options_default(struct krbd_options *o, const char *name, const char *value);
/* The same, but in doubt where VERSION (kernel_version()) is too old for it. */
int krbd_options_try(struct krbd_options *o, unsigned version, const char *name, const char *value);
/* Without what was in doubt. */
void krbd_options_drop_doubts(struct krbd_options *o);
/* Those that Linux has only since later versions than VERSION, "rxbounce (Linux 5.17), …"; the
 * caller frees it; NULL: there is none, or no memory. */
char *krbd_options_newer(const struct krbd_options *o, unsigned version);
bool krbd_options_has(const struct krbd_options *o, const char *name);
/* Of one that rbdvol sets itself: what a table of volumes has in its place, "ro" or "" for nothing,
 * and *reason. NULL: it is another, or has no place there. */
const char *krbd_options_instead(const char *name, const char **reason);
/* NAME's value: "" for a flag, NULL where NAME is not there. Borrowed until O changes. */
const char *krbd_options_value(const struct krbd_options *o, const char *name);
void krbd_options_deinit(struct krbd_options *o);
#define _cleanup_krbd_options_ cleanup(krbd_options_deinit)
