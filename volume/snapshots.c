/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The snapshots of a volume, and what each takes. */
#include "rbd/snapshots.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

int volume_snapshots(struct host *h, const struct spec *spec, const struct volume_request *req,
		     struct progress *p, struct volume_info *out, struct err **e)
{
	const struct check go_on = progress_checking(p);
	_cleanup_operation_ struct operation o = {0};
	int r = operation_refuse_snapshot(spec, "snapshots", e);

	if (r < 0)
		return r;
	r = operation_init(&o, h, spec, req, p, out, e);
	if (r < 0)
		return r;
	r = operation_connect(&o, e);
	return r < 0 ? r : image_snapshots(o.cluster, spec, &go_on, &out->snapshots, e);
}
