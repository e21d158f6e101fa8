/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/snapshot-guard.h"
#include "mapper/device.h"
#include "mapper/mapping.h"
#include "rbd/guard.h"
#include "volume/host.h"

#include <string.h>

static bool snapshot_is_mapped(const struct snapshot_keeper *k, const struct snapshot_ref *s)
{
	const struct device_key key = {k->fsid, s->pool_id, s->image_id, s->snap_id};
	_cleanup_err_ struct err *ignored = NULL;
	_cleanup_device_ struct device device = {0};

	/* What is not known may be mapped. */
	return device_find(&key, &device, &ignored) != 0;
}

static bool enter(void *arg, const struct snapshot_ref *s)
{
	struct snapshot_keeper *k = arg;
	struct image_locks *locks = host_image_locks(k->host);

	if (!image_lock_try_snapshots(locks, &k->lock, &s->spec))
		return false;
	if (!snapshot_is_mapped(k, s))
		return true;
	image_lock_end(locks, &k->lock);
	return false;
}

static void leave(void *arg)
{
	struct snapshot_keeper *k = arg;

	image_lock_end(host_image_locks(k->host), &k->lock);
}

int snapshot_keeper_init(struct snapshot_keeper *k, struct host *h, struct cluster *c,
			 struct err **e)
{
	*k = (struct snapshot_keeper){.guard = {enter, leave, k}, .host = h};
	return cluster_fsid(c, k->fsid, e);
}
