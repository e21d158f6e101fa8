/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rbd devices that this host has now, and which of them a table of the host means by its UUID,
 * label, node or link. Reads sysfs, and by blkid(8) the devices. */
#pragma once

#include "base/spec.h"
#include "base/strlist.h"

enum rbdmap_tag { TAG_UUID, TAG_LABEL, TAG_PARTUUID, TAG_PARTLABEL, TAGS };

struct rbdmap_device {
	struct spec spec;
	char *node;	  /* "/dev/rbd0p1" */
	char *suffix;	  /* behind the name of the image's link: "-part1", or "" */
	char *tags[TAGS]; /* "" where it has none */
};

struct rbdmap_devices {
	struct rbdmap_device *items;
	size_t n;
};
/* What cannot be read is left out. 0 or -ENOMEM. */
int rbdmap_devices_read(struct rbdmap_devices *out);
void rbdmap_devices_deinit(struct rbdmap_devices *d);

enum rbdmap_place {
	PLACE_OTHER,   /* no rbd device */
	PLACE_VOLUME,  /* *OUT is the one */
	PLACE_LAYERED, /* LVM, dm-crypt or md on *OUT */
	PLACE_SEVERAL, /* it can be more than one */
	PLACE_NUMBER,  /* /dev/rbdN, which is not there now */
	PLACE_NOWHERE, /* nothing here has that now */
};
/* What SOURCE, as fstab, crypttab or a unit names a device, is. *out is borrowed from D. */
enum rbdmap_place rbdmap_devices_find(const struct rbdmap_devices *d, const char *source,
				      const struct rbdmap_device **out);
/* "/dev/rbdvol/pool/image-part1". To be freed; NULL when out of memory. */
char *rbdmap_link(const struct spec *spec, const char *suffix);
