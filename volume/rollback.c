/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume goes back to the content of one of its snapshots. While that goes on this host holds it,
 * so that no other host attaches it meanwhile. */
#include <errno.h>

#include "rbd/snapshots.h"
#include "volume/hold.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/step.h"

static int roll_back(struct operation *o, struct err **e)
{
	int r;

	o->telling = "rollback";
	r = image_rollback(o->cluster, o->named, operation_tell_permille, o, e);
	return r < 0 ? r : observe_image(o, e);
}

int volume_rollback(struct host *h, const struct spec *spec, const struct volume_request *req,
		    struct progress *p, struct volume_info *out, struct err **e)
{
	const struct spec head = {spec->pool, spec->ns, spec->image, NULL};
	_cleanup_operation_ struct operation o = {0};
	int r;

	if (!spec->snap)
		return err_set(e, ERR_USAGE, -EINVAL, "rollback to what? '%s' names no snapshot",
			       spec->image);
	r = operation_init(&o, h, &head, req, p, out, e);
	o.named = spec;
	if (r < 0)
		return r;
	r = find_detached(&o, e);
	if (r < 0)
		return r;
	r = with_hold(&o, roll_back, e);
	return r < 0 ? r : 0;
}
