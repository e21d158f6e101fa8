/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mapping as a value: shared by those who read, make and end mappings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/krbd-options.h"
#include "base/secret.h"
#include "base/spec.h"

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

/* Which image a mapping must be of: names and ids. Ids win, names are for messages. */
struct device_key {
	const char *fsid;
	int64_t pool_id;
	const char *image_id;
	uint64_t snap_id;
};

struct map_request {
	const struct spec *spec;
	struct device_key key;
	const char *monitors; /* "ip:port,…" of the protocol that ms_mode speaks */
	const char *user;
	const struct secret *secret; /* empty: no cephx */
	bool read_only;
	const struct krbd_options *options;
};
