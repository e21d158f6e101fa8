/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device ends, and the hold after it. Works on local facts first, so that a device whose
 * cluster is away can be told about, and ended where the kernel can. */
#include <errno.h>
#include <string.h>

#include "volume/operation.h"

static int not_mapped(struct operation *o, struct err **e)
{
	int r = observe_device(o, e);

	return r < 0 ? r : !r;
}

/* Say by whom the device is used, where that can be seen; else what the kernel said stays. */
static int name_users(struct operation *o, struct err **e)
{
	_cleanup_strlist_ struct strlist users = {0};
	_cleanup_err_ struct err *ignored = NULL;
	_cleanup_free_ char *who = NULL;

	if (device_users(&o->v->device, &users, &ignored) < 0 || !users.n)
		return (*e)->code;
	who = strlist_join(&users, "; ", 0);
	err_free(steal(e));
	if (!who)
		return err_oom(e);
	return err_set(e, ERR_BUSY, -EBUSY, "%s (%s) is in use: %s", o->spec->image,
		       o->v->device.node, who);
}

/* The device and every other mapping of the same volume on this host. The kernel decides whether it
 * is in use: a look beforehand would be a race, and would count udev, which is waited for. */
static int unmap(struct operation *o, struct err **e)
{
	if (o->req->force && device_unmap_unbounded(&o->v->device))
		operation_tell(o, "unmap (when the device is gone the kernel gives the image's "
				  "lock back, and waits for the cluster without end)");
	do {
		int r = device_unmap(&o->v->device, o->req->force, o->progress->deadline, e);

		if (r == -EBUSY)
			return name_users(o, e);
		if (r < 0)
			return r;
		r = observe_device(o, e);
		if (r < 0)
			return r;
	} while (o->v->attached);
	return 0;
}

/* From here on the image that is attached is meant, whatever has its name by then. */
static int remember(struct operation *o, struct err **e)
{
	const struct device_key key = device_key(&o->v->device);

	return o->meant.node ? 0 : device_find(&key, &o->meant, e);
}

static const struct step *const steps[] = {
	&(const struct step){"unmap", not_mapped, unmap},
	&step_release,
};

int volume_detach(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	bool was_attached;
	int r = operation_init(&o, h, spec, req, p, out, e);

	if (r >= 0)
		r = observe_device(&o, e);
	was_attached = r > 0;
	if (was_attached)
		r = remember(&o, e);
	if (r >= 0)
		r = steps_run(steps, ARRAY_SIZE(steps), &o, e);
	if (r < 0 && was_attached && !out->attached)
		return err_wrap(e, "the device is gone, but this host's hold may remain");
	if (r < 0 || was_attached)
		return r;
	if (o.missing)
		return not_found(&o, e);
	progress_note(p, "%s was not attached here", spec->image);
	return 0;
}
