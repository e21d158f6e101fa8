/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The content of a volume is erased. While that goes on this host holds it, so that no other host
 * attaches it meanwhile. */
#include <errno.h>
#include <string.h>

#include "rbd/wipe.h"
#include "volume/hold.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

static int on_progress(void *arg, uint64_t done, uint64_t total)
{
	return progress_tell(arg, done, total);
}

static int wipe(struct operation *o, struct err **e)
{
	const struct wipe_options options = {
		.algorithm = strcmp(o->req->algorithm, "zero") ? WIPE_TRIM : WIPE_ZERO,
		.despite_snapshots = o->req->force,
		.tell = on_progress,
		.arg = o->progress,
		.before = &o->v->before,
		.after = &o->v->usage,
	};
	int r;

	operation_tell(o, o->req->algorithm);
	r = image_wipe(o->cluster, o->spec, &options, e);
	if (r == -ENOTEMPTY)
		err_hint(e, "remove the snapshots, or give --force to wipe all that they do not "
			    "keep");
	/* One that was interrupted has its size back. */
	return r < 0 || o->v->image.size_bytes ? r : observe_image(o, e);
}

int volume_wipe(struct host *h, const struct spec *spec, const struct volume_request *req,
		struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r;

	if (spec->snap)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "a snapshot cannot be wiped, only its volume ('@%s')", spec->snap);
	r = operation_init(&o, h, spec, req, p, out, e);
	if (r >= 0)
		r = find_detached(&o, e);
	if (r >= 0)
		r = with_hold(&o, wipe, e);
	return r < 0 ? r : 0;
}
