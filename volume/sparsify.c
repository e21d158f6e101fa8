/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks that hold only zeros go back to the cluster; what is read stays the same, so the volume
 * may be in use meanwhile. */
#include <errno.h>

#include "rbd/change.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

static int sparsify_tell(unsigned permille, void *arg)
{
	return progress_tell(arg, permille, 1000);
}

static int is_sparse(struct operation *o, struct err **e)
{
	int r = observe_image(o, e);

	if (r < 0)
		return r;
	/* Whether there is something to do shows only in doing it. */
	return r ? 0 : not_found(o, e);
}

static int sparsify(struct operation *o, struct err **e)
{
	const struct check go_on = progress_checking(o->progress);
	int r = image_usage(o->cluster, o->spec, USAGE_STORED, &go_on, &o->v->before, e);

	if (r < 0)
		return r;
	r = image_sparsify(o->cluster, o->spec, sparsify_tell, o->progress, e);
	if (r < 0)
		return r;
	return image_usage(o->cluster, o->spec, USAGE_STORED, &go_on, &o->v->usage, e);
}

int volume_sparsify(struct host *h, const struct spec *spec, const struct volume_request *req,
		    struct progress *p, struct volume_info *out, struct err **e)
{
	static const struct step step = {"sparsify", is_sparse, sparsify};
	_cleanup_operation_ struct operation o = {0};
	int r = operation_refuse_snapshot(spec, "sparsify", e);

	if (r < 0)
		return r;
	r = operation_init(&o, h, spec, req, p, out, e);
	return r < 0 ? r : steps_run((const struct step *const[]){&step_connect, &step}, 2, &o, e);
}
