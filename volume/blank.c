/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/blank.h"
#include "volume/host.h"
#include "volume/progress.h"
#include "volume/step.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mapper/probe.h"

#define PROBE_US (30 * USEC_PER_SEC)

/* 0: *out is a copy of WHAT. */
static int is(const char *what, char **out, struct err **e)
{
	*out = strdup(what);
	return *out ? 0 : err_oom(e);
}

/* By its device. */
static int looks_blank(struct host *h, const struct volume_info *v, char **out_what, struct err **e)
{
	_cleanup_content_ struct content content = {0};
	int r = probes_ends(host_probes(h), v->device.node, deadline_in(PROBE_US), &content, e);

	if (r < 0)
		return r;
	if (content.type || content.partition_table)
		return is(content.type ? content.type : content.partition_table, out_what, e);
	return content.zero ? 1 : is("data that libblkid does not know", out_what, e);
}

/* By its objects in the cluster: their map, or each of them. */
static int has_no_objects(struct host *h, struct cluster *c, const struct volume_info *v,
			  struct progress *p, char **out_what, struct err **e)
{
	struct usage usage = {0};
	char what[96];
	int r = operation_usage(h, c, &v->spec, true, p, &usage, e);

	if (r < 0)
		return r;
	if (!usage.known)
		return err_set(e, ERR_FAILED, -EIO, "cannot tell which objects of %s exist",
			       v->spec.image);
	if (!usage.objects)
		return 1;
	snprintf(what, sizeof(what), "data in %" PRIu64 " objects that libblkid does not know",
		 usage.objects);
	return is(what, out_what, e);
}

int volume_prove_blank(struct host *h, struct cluster *c, const struct volume_info *v,
		       struct progress *p, char **out_what, struct err **e)
{
	int r;

	*out_what = NULL;
	if (!v->in_cluster || !v->attached)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "%s must be attached to see whether it is blank", v->spec.image);
	r = looks_blank(h, v, out_what, e);
	if (r <= 0)
		return r;
	if (v->image.parent.image)
		return is("a clone", out_what, e);
	if (v->image.snapshots)
		return is("a volume with snapshots", out_what, e);
	return has_no_objects(h, c, v, p, out_what, e);
}
