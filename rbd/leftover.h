/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rbdvol itself can leave in a cluster when it is interrupted for good: found, and removed.
 * Names are "pool/[ns/]image[@snap]", as they stand in the cluster. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"
#include "base/strlist.h"
#include "ceph/cluster.h"
#include "ceph/ioctx.h"
#include "rbd/guard.h"
#include "rbd/hold-state.h"

struct leftovers {
	/* ".rbdvol-NAME.HOST": clones of this host that were never published, and images that a
	 * reset replaced. */
	struct strlist clones;
	/* The same of other hosts, which may be under way. */
	struct strlist foreign;
	/* What looks like one of those, or like remains, but has data: nothing shows that it may
	 * go. */
	struct strlist unproved;
	/* "image@snap": snapshots of ours that no clone needs. */
	struct strlist snapshots;
	/* The same of those that may be of an older rbdvol, or of anybody: they are told, not
	 * removed. */
	struct strlist old_snapshots;
	/* Names that mean no image, since its creation or deletion was interrupted. */
	struct strlist remains;
	/* Names that an image had whose deletion was interrupted; another image may have one
	 * already. */
	struct strlist deletions;
	/* Images whose wipe was interrupted. */
	struct strlist wipes;
	/* Images that this host holds; and for each the address of the client that its hold names,
	 * or "". */
	struct strlist holds, hold_clients;
};
void leftovers_deinit(struct leftovers *l);
#define _cleanup_leftovers_ cleanup(leftovers_deinit)

struct leftover_query {
	const char *pool;	 /* NULL: every */
	const char *image;	 /* "pool/ns/image": its own snapshots, not its clones; or NULL */
	const struct hold *mine; /* what a hold of this host looks like */
	/* Whether this process works on VOLUME, so that nothing of it is left over. */
	bool (*busy)(const struct spec *volume, void *arg);
	void *arg;
	/* What keeps snapshots that the cluster does not know. */
	const struct snapshot_guard *guard;
	struct check go_on; /* asked before each image */
};
/* Where it fails *out has what was found until then. */
int leftovers_find(struct cluster *c, const struct leftover_query *q, struct leftovers *out,
		   struct err **e);

/* The volume that a leftover is of. */
int leftover_volume(const char *name, struct spec *out, struct err **e);
/* The id of the host whose clone it is; inside NAME, with how long it is. */
const char *leftover_owner(const char *name, int *len);
/* When the name was made; 0: not known. */
int leftover_since(struct cluster *c, const char *name, time_t *out, struct err **e);

/* NAME taken apart, and the place that it is in. */
int leftover_open(struct cluster *c, const char *name, struct spec *spec, struct ioctx *p,
		  struct err **e);
enum remains {
	NO_REMAINS, /* there is an image, or one may be about to be made */
	REMAINS,    /* the name is listed, but means no image and no data */
	HAS_DATA,   /* the same, but there is data: an image has lost its header */
};
/* An enum remains, and *id (the caller frees it) the id that the directory has; or negative. */
int find_remains(struct ioctx *p, const char *image, const struct check *go_on, char **id);
