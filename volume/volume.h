/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume: what the cluster and this host say of an image, and the operations on it. Every
 * operation looks at the world first and does only what is missing; a repeated one is cheap and
 * gives the same answer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/request.h"
#include "base/spec.h"
#include "base/strlist.h"
#include "mapper/content.h"
#include "mapper/mapping.h"
#include "rbd/feature-bits.h"
#include "rbd/hold-owner.h"
#include "rbd/hold-state.h"
#include "rbd/image.h"
#include "rbd/snapshots.h"
#include "rbd/tree.h"
#include "rbd/usage.h"
#include "volume/progress.h"

struct host;

/* What is known of one volume. Parts that are not known are empty, and say so by their flag. */
struct volume_info {
	struct spec spec;
	bool in_cluster; /* image is filled */
	struct image_info image;
	bool attached; /* device is filled */
	struct device device;
	bool fenced; /* the device is dead: the cluster has shut its client out */
	struct content content;
	struct strlist mounts;
	bool held; /* hold and hold_owner are filled */
	struct hold hold;
	enum hold_owner hold_owner;
	uint64_t trimmed_bytes; /* by trim, as the file systems said */
	size_t trimmed;		/* how many file systems */
	struct usage usage;	/* where asked for, and after trim and wipe */
	struct usage before;	/* as it was before trim and wipe */
	bool reclaimable_known; /* with the usage, where its file systems are mounted here */
	uint64_t reclaimable_bytes;
	struct tree_image tree;		   /* by tree */
	struct snapshot_entries snapshots; /* by snapshots */
	bool blank_known;		   /* where asked for */
	bool blank;
	char *not_blank; /* what is on it, where it is not */
};
void volume_info_deinit(struct volume_info *v);
#define _cleanup_volume_info_ cleanup(volume_info_deinit)
struct volume_list {
	struct volume_info *items;
	size_t n;
};
void volume_list_deinit(struct volume_list *l);

/* One operation on one volume; *out is what it is afterwards. */
typedef int volume_operation(struct host *h, const struct spec *spec,
			     const struct volume_request *req, struct progress *p,
			     struct volume_info *out, struct err **e);
/* volume_create, volume_attach, …: those of the verbs that are served so. */
#define DECLARE_VOLUME(name) volume_operation volume_##name;
#define DECLARE_FINDINGS(name)
#define DECLARE_LIST(name)
#define DECLARE_CANCEL(name)
#define DECLARE_JOBS(name)
#define DECLARE_NONE(name)
#define VERB(id, name, method, path, access, served, ...) DECLARE_##served(name)
#include "base/verbs.def"
#undef VERB
