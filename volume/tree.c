/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image, and all that depends on it. */
#include "ceph/cluster.h"
#include "volume/host.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

int volume_tree(struct host *h, const struct spec *spec, const struct volume_request *req,
		struct progress *p, struct volume_info *out, struct err **e)
{
	const struct check go_on = progress_checking(p);
	_cleanup_operation_ struct operation o = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = operation_refuse_snapshot(spec, "tree", e);

	if (r < 0)
		return r;
	r = operation_init(&o, h, spec, req, p, out, e);
	if (r < 0)
		return r;
	r = host_cluster_to_look(h, req, &c, e);
	if (r < 0)
		return r;
	cluster_unref(o.cluster);
	o.cluster = steal(&c);
	r = operation_connect(&o, e);
	return r < 0 ? r : image_tree(o.cluster, spec, &go_on, &out->tree, e);
}
