/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of the kernel's rbd bus: mappings read, added, removed. Internal to mapper/ but for
 * tests. */
#pragma once

#include "mapper/mapping.h"

#define KRBD_HEAD UINT64_C(18446744073709551614) /* snap_id of an image's head */

/* The mappings in the sysfs mounted at SYS ("/sys", or a recorded tree), the oldest first; their
 * links are not filled. 0 or negative errno. */
int krbd_mappings(const char *sys, struct device_list *out);
/* Mapping N of SYS. 0, or -ENOENT where there is none (any more). */
int krbd_mapping(const char *sys, int id, struct device *out);
/* Whether D is still mapped, and not another in its place. */
bool krbd_present(const struct device *d);

/* The words that the kernel takes. -EINVAL (usage): a name that the kernel cannot take. The caller
 * frees *out, which has no secret in it and is yet for no message: it is long and helps nobody. */
int krbd_add_line(const struct map_request *req, char **out, struct err **e);
/* Write it. Errors are the kernel's, in words. */
int krbd_add(const struct map_request *req, const char *line, struct err **e);
/* 0 or the kernel's negative errno (-EBUSY, -ENOENT, -EINPROGRESS, …). */
int krbd_remove(int id, bool force);
