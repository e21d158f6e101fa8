/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume leaves the cluster, and a snapshot of ours that nobody else uses with it. */
#include <errno.h>
#include <string.h>

#include "volume/operation.h"

static int refuse_held(struct operation *o, struct err **e)
{
	int r = observe_hold(o, e);

	if (r <= 0 || !strcmp(o->v->hold.host, host_identity(o->host)->id))
		return r;
	return err_set(e, ERR_HELD, -EBUSY, "%s is held by host %s (%s)", o->spec->image,
		       o->v->hold.host_name, o->v->hold.client_address);
}

int volume_delete(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	_cleanup_free_ char *snapshot = NULL;
	int r = operation_refuse_snapshot(spec, "delete", e);

	if (r >= 0)
		r = operation_init(&o, h, spec, req, p, out, e);
	if (r >= 0)
		r = find_detached(&o, e);
	operation_tell(&o, "delete");
	if (r >= 0)
		r = refuse_held(&o, e);
	if (r >= 0)
		r = image_delete(o.cluster, spec, &snapshot, e);
	if (r >= 0 && snapshot)
		progress_note(p, "snapshot %s, used by no other clone, is removed too", snapshot);
	return r;
}
