/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume gets blocks of its own for all that it shares with its parent. */
#include <errno.h>

#include "rbd/change.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/snapshot-guard.h"
#include "volume/step.h"

static int is_flat(struct operation *o, struct err **e)
{
	int r = observe_image(o, e);

	if (r <= 0)
		return r ? r : not_found(o, e);
	if (o->v->image.parent.image)
		return 0;
	r = image_flatten_begun(o->cluster, o->spec, e);
	return r < 0 ? r : !r;
}

static int flatten(struct operation *o, struct err **e)
{
	_cleanup_free_ char *snapshot = NULL;
	struct snapshot_keeper keeper;
	int r = snapshot_keeper_init(&keeper, o->host, o->cluster, e);

	o->telling = "flatten";
	if (r < 0)
		return r;
	r = image_flatten(o->cluster, o->spec, operation_tell_permille, o, &keeper.guard, &snapshot,
			  e);
	if (r < 0)
		return r;
	if (snapshot)
		progress_note(o->progress, "snapshot %s, used by no other clone, is removed too",
			      snapshot);
	r = observe_image(o, e);
	return r < 0 ? r : 0;
}

int volume_flatten(struct host *h, const struct spec *spec, const struct volume_request *req,
		   struct progress *p, struct volume_info *out, struct err **e)
{
	static const struct step step = {"flatten", is_flat, flatten};
	_cleanup_operation_ struct operation o = {0};
	int r = operation_refuse_snapshot(spec, "flatten", e);

	if (r < 0)
		return r;
	r = operation_init(&o, h, spec, req, p, out, e);
	return r < 0 ? r : steps_run((const struct step *const[]){&step_connect, &step}, 2, &o, e);
}
