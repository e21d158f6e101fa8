/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume leaves the cluster, and a snapshot of ours that nobody else uses with it; or a
 * snapshot alone does. While that goes on this host holds it, so that no other host attaches it
 * meanwhile. */
#include <errno.h>

#include "rbd/delete.h"
#include "rbd/snapshots.h"
#include "volume/hold.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/snapshot-guard.h"
#include "volume/step.h"

static int remove_image(struct operation *o, struct err **e)
{
	_cleanup_free_ char *snapshot = NULL;
	struct snapshot_keeper keeper;
	int r = snapshot_keeper_init(&keeper, o->host, o->cluster, e);

	if (r < 0)
		return r;
	operation_tell(o, "delete");
	r = image_delete(o->cluster, o->spec, &keeper.guard, &snapshot, e);
	if (r >= 0 && snapshot)
		progress_note(o->progress, "snapshot %s, used by no other clone, is removed too",
			      snapshot);
	return r;
}

/* What is locked is the volume: nobody may be at its snapshot. */
static int delete_snapshot(struct host *h, const struct spec *spec,
			   const struct volume_request *req, struct progress *p,
			   struct volume_info *out, struct err **e)
{
	const struct spec head = {spec->pool, spec->ns, spec->image, NULL};
	_cleanup_operation_ struct operation o = {0};
	struct snapshot_keeper keeper;
	int r = operation_init(&o, h, &head, req, p, out, e);

	o.spec = spec;
	if (r >= 0)
		r = find_detached(&o, e);
	if (r >= 0)
		r = snapshot_keeper_init(&keeper, h, o.cluster, e);
	if (r < 0)
		return r;
	operation_tell(&o, "delete");
	r = image_snapshot_remove(o.cluster, spec, &keeper.guard, e);
	if (r >= 0 && spec_copy(spec, &out->spec) < 0)
		return err_oom(e);
	return r;
}

int volume_delete(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r;

	if (spec->snap)
		return delete_snapshot(h, spec, req, p, out, e);
	r = operation_init(&o, h, spec, req, p, out, e);
	if (r >= 0)
		r = find_detached(&o, e);
	if (r == -ENOENT) { /* no image, nobody's, but it may be deleted in part */
		err_free(steal(e));
		return remove_image(&o, e);
	}
	return r < 0 ? r : with_hold(&o, remove_image, e);
}
