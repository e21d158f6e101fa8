/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings on this host, whoever made them: found, made, waited for, ended. A struct device is a
 * snapshot in memory; freeing it changes nothing in the world. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"
#include "mapper/mapping.h"
#include "mapper/users.h"

/* Every mapping of the kernel, from sysfs, the oldest first; one that goes away meanwhile is left
 * out. No rbd module: an empty list. */
int device_list(struct device_list *out, struct err **e);

/* 1 and *out: the oldest mapping of it, a writable one before a read-only one; 0: not mapped here.
 */
int device_find(const struct device_key *key, struct device *out, struct err **e);
/* The mapping behind a node or link: /dev/rbd0, /dev/rbd0p1, /dev/rbdvol/…, /dev/rbd/…. Errors as
 * of node_dev; -EINVAL (usage): it is not an rbd device. */
int device_find_path(const char *path, struct device *out, struct err **e);
/* Whether there is any at all; not to know counts as yes. */
bool device_any(void);
/* By names alone, for a cluster that is away: 1 and *out, or 0. FSID: of that cluster; NULL: of
 * whichever has such a name mapped here. Two images that have or had it are -ENOTUNIQ (usage). */
int device_find_spec(const struct spec *spec, const char *fsid, struct device *out, struct err **e);
/* What tells D's image from any other; borrows from D. */
struct device_key device_key(const struct device *d);

/* Map: load the module, put the key into this thread's keyring, and write to
 * /sys/bus/rbd/add_single_major (or add). Always a new mapping; look with device_find first. Its
 * link is for device_wait_ready to wait for. The kernel's own part ends by its mount_timeout.
 * Errors carry what the kernel's errno means for this volume; after one nothing is mapped, unless
 * the kernel does not let go of it: look. */
int device_map(const struct map_request *req, struct device *out, struct err **e);
/* Whether D's client may have other images, too, or get them: it was mapped without noshare, as
 * 'rbd device map' does by default. */
bool device_shares_client(const struct device *d);

/* Unmap. -EBUSY (busy): in use, with who uses it; fine where it is gone. After a close, udev may
 * have it open still: waited for, until the deadline. Returns when the device is gone and udev has
 * processed that, or after 20 s or half of the time that is left. */
int device_unmap(const struct device *d, bool force, struct deadline deadline, struct err **e);
/* Whether that very mapping is there still. */
bool device_is_mapped(const struct device *d);
/* Wait until no link leads to the node of D, which is unmapped, or one of the same image has that
 * node again. 0; or 1 and *stale, a link that is still there at the deadline, or where udevd does
 * not run: it may come to lead to another volume. The caller frees it. */
int device_wait_gone(const struct device *d, struct deadline deadline, char **stale,
		     struct err **e);
/* Whether the kernel, with force too, waits for the cluster without end when it has removed the
 * device: it gives the image's exclusive lock back, and was given no osd_request_timeout. */
bool device_unmap_unbounded(const struct device *d);
