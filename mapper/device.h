/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings on this host, whoever made them: found, made, waited for, ended. A struct device is a
 * snapshot in memory; freeing it changes nothing in the world. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/deadline.h"
#include "base/krbd-options.h"
#include "base/secret.h"
#include "base/spec.h"
#include "mapper/content.h"
#include "mapper/discard.h"
#include "mapper/users.h"

struct device {
	int id;		  /* N of /dev/rbdN */
	uint64_t serial;  /* grows with each mapping: tells two apart that had the same N */
	struct spec spec; /* names as of map time */
	char *fsid;
	int64_t pool_id;
	char *image_id;
	uint64_t snap_id; /* SNAP_HEAD of rbd/image.h's value for head */
	uint64_t size_bytes;
	bool read_only;	      /* as it was mapped */
	bool set_read_only;   /* its block device, now */
	char *client_address; /* "ip:port/nonce" */
	dev_t dev;
	/* Of the block device: no other has it until the next boot. 0: the kernel (before 5.15)
	 * does not tell. */
	uint64_t diskseq;
	char *node; /* "/dev/rbd0" */
	/* The name below /dev/rbdvol/ that leads here: the readable one or, where that belongs to
	 * an older mapping of the same name, the one of by-id/; NULL where neither does. */
	char *link;
	/* The readable name cannot be: a part of its path is another device's link, or it is a
	 * directory. Known after device_wait_ready. */
	bool name_blocked;
};
struct device_list {
	struct device *items;
	size_t n;
};
void device_deinit(struct device *d);
void device_list_deinit(struct device_list *l);
#define _cleanup_device_      cleanup(device_deinit)
#define _cleanup_device_list_ cleanup(device_list_deinit)

/* Every mapping of the kernel, from sysfs, the oldest first; one that goes away meanwhile is left
 * out. No rbd module: an empty list. */
int device_list(struct device_list *out, struct err **e);

/* Which image a mapping must be of: names and ids. Ids win, names are for messages. */
struct device_key {
	const char *fsid;
	int64_t pool_id;
	const char *image_id;
	uint64_t snap_id;
};
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

struct map_request {
	const struct spec *spec;
	struct device_key key;
	const char *monitors; /* "ip:port,…" of the protocol that ms_mode speaks */
	const char *user;
	const struct secret *secret; /* empty: no cephx */
	bool read_only;
	const struct krbd_options *options;
};
/* Map: load the module, put the key into this thread's keyring, and write to
 * /sys/bus/rbd/add_single_major (or add). Always a new mapping; look with device_find first. Its
 * link is for device_wait_ready to wait for. The kernel's own part ends by its mount_timeout.
 * Errors carry what the kernel's errno means for this volume; after one nothing is mapped, unless
 * the kernel does not let go of it: look. */
int device_map(const struct map_request *req, struct device *out, struct err **e);
/* Whether D's client may have other images, too, or get them: it was mapped without noshare, as
 * 'rbd device map' does by default. */
bool device_shares_client(const struct device *d);
/* Wait until udev has processed D and its link is there; *d gets the link. -ETIMEDOUT
 * (unreachable): udev has not processed it by the deadline, but is there, and may yet; -ENOENT
 * (failed): there will be no link, with the reason (no udevd, no rules of ours, a name that cannot
 * be a link). */
int device_wait_ready(struct device *d, struct deadline deadline, struct err **e);
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
