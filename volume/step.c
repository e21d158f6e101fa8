/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/failpoint.h"
#include "base/str.h"
#include "mapper/device.h"
#include "mapper/mapping.h"
#include "volume/host.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/slot.h"
#include "volume/step.h"

void operation_tell(struct operation *o, const char *step)
{
	if (o->progress->step)
		o->progress->step(o->progress, step);
}

int operation_tell_permille(unsigned permille, void *arg)
{
	struct operation *o = arg;
	char step[32];

	if (permille == o->permille)
		return progress_check(o->progress);
	o->permille = permille;
	snprintf(step, sizeof(step), "%s (%u.%u %%)", o->telling, permille / 10, permille % 10);
	operation_tell(o, step);
	return progress_check(o->progress);
}

int steps_run(const struct step *const steps[], size_t n, struct operation *o, struct err **e)
{
	for (size_t i = 0; i < n; i++) {
		int r;

		operation_tell(o, steps[i]->name);
		r = progress_check(o->progress);
		if (r < 0)
			return err_set(e, ERR_FAILED, r, "cancelled before the step '%s'",
				       steps[i]->name);
		r = steps[i]->done(o, e);
		if (r < 0)
			return r;
		if (r || !steps[i]->act)
			continue;
		FAILPOINT_AT(steps[i]->name, "before");
		r = steps[i]->act(o, e);
		FAILPOINT_AT(steps[i]->name, "after");
		if (r < 0)
			return r;
	}
	return 0;
}

int operation_refuse_snapshot(const struct spec *spec, const char *verb, struct err **e)
{
	if (!spec->snap)
		return 0;
	return err_set(e, ERR_USAGE, -EINVAL, "%s takes a volume, not a snapshot ('@%s')", verb,
		       spec->snap);
}

int operation_init(struct operation *o, struct host *h, const struct spec *spec,
		   const struct volume_request *req, struct progress *p, struct volume_info *v,
		   struct err **e)
{
	int r;

	*o = (struct operation){.host = h, .spec = spec, .req = req, .progress = p, .v = v};
	if (spec_copy(spec, &v->spec) < 0)
		return err_oom(e);
	r = image_lock_shared(host_image_locks(h), &o->image_lock, spec, p->deadline);
	if (r < 0)
		return err_set(e, ERR_BUSY, r, "the remains of %s are still being removed",
			       spec->image);
	if (req->from) {
		r = spec_parse(req->from, host_pool(h, req), &o->parent, e);
		if (r < 0)
			return err_wrap(e, "--from");
	}
	if (req->device) {
		r = device_find_path(req->device, &o->meant, e);
		if (r < 0)
			return r;
	}
	return host_cluster(h, req, &o->cluster, e);
}

void operation_deinit(struct operation *o)
{
	if (o->host)
		image_lock_end(host_image_locks(o->host), &o->image_lock);
	cluster_unref_p(&o->cluster);
	o->cluster = NULL;
	spec_deinit(&o->parent);
	krbd_options_deinit(&o->options);
	device_deinit(&o->meant);
	err_free_p(&o->missing);
	o->missing = NULL;
}

bool operation_read_only(const struct operation *o)
{
	return o->req->read_only || o->spec->snap;
}

int operation_connect(struct operation *o, struct err **e)
{
	_cleanup_free_ char *step = NULL;

	if (str_printf(&step, "connect to %s", cluster_monitors_configured(o->cluster)) < 0)
		return err_oom(e);
	operation_tell(o, step);
	return cluster_connect(o->cluster, e);
}

int operation_usage(struct host *h, struct cluster *c, const struct spec *spec, bool slow,
		    struct progress *p, struct usage *out, struct err **e)
{
	const struct check go_on = progress_checking(p);
	bool waits = slow && p->yields;
	int r = waits ? slot_take(host_scans(h), "slow looks", p, e) : 0;

	if (r < 0)
		return r;
	if (p->step)
		p->step(p, "usage");
	r = image_usage(c, spec, slow ? USAGE_SLOW | USAGE_STORED : 0, &go_on, out, e);
	if (waits)
		slot_end(host_scans(h));
	return r;
}

static int is_connected(struct operation *o, struct err **e)
{
	int r = operation_connect(o, e);

	return r < 0 ? r : 1;
}

const struct step step_connect = {"connect", is_connected, NULL};
