/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device ends, and the hold after it. Works on local facts first, so that a device whose
 * cluster is away can be told about, and ended where the kernel can. */
#include <errno.h>
#include <string.h>

#include "mapper/device.h"
#include "mapper/mapping.h"
#include "volume/hold.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

#define ANSWER_US (3 * USEC_PER_SEC)

/* Where a device was named, that one is meant, and no other mapping of its image. */
static int not_mapped(struct operation *o, struct err **e)
{
	int r;

	if (o->req->device)
		return !device_is_mapped(&o->meant);
	r = observe_device(o, e);
	return r < 0 ? r : !r;
}

/* The kernel decides whether it is in use: a look beforehand would be a race, and would count udev,
 * which is waited for. */
static int unmap_one(struct operation *o, const struct device *d, struct err **e)
{
	int r;

	if (o->req->force && device_unmap_unbounded(d))
		operation_tell(o, "unmap (when the device is gone the kernel gives the image's "
				  "lock back, and waits for the cluster without end)");
	r = device_unmap(d, o->req->force, o->progress->deadline, e);
	return r < 0 ? r : observe_device(o, e);
}

static int unmap(struct operation *o, struct err **e)
{
	int r;

	if (o->req->device)
		r = unmap_one(o, &o->meant, e);
	else
		do {
			r = unmap_one(o, &o->v->device, e);
		} while (r > 0);
	return r < 0 ? r : 0;
}

/* As long as another mapping can write the volume, so must its hold be there. */
static int not_held(struct operation *o, struct err **e)
{
	int r = o->req->device ? observe_device(o, e) : 0;

	if (r <= 0 || o->v->device.read_only)
		return r < 0 ? r : step_release.done(o, e);
	progress_note(o->progress, "%s stays attached, as %s, and held", o->spec->image,
		      o->v->device.node);
	return 1;
}

static int detach_release(struct operation *o, struct err **e)
{
	return step_release.act(o, e);
}

/* What waits for the job hears of it in time. */
static struct deadline almost(struct deadline d)
{
	uint64_t left_us = deadline_left_us(d);

	return left_us > 2 * ANSWER_US ? deadline_in(left_us - ANSWER_US) : d;
}

/* udev is waited for once more, since a link that stays behind may come to lead to another volume.
 */
static int has_no_link(struct operation *o, struct err **e)
{
	_cleanup_free_ char *stale = NULL;
	int r = o->meant.node
			? device_wait_gone(&o->meant, almost(o->progress->deadline), &stale, e)
			: 0;

	if (r <= 0)
		return r < 0 ? r : 1;
	progress_note(o->progress,
		      "%s is detached, but udev is late: %s still leads to %s, which may become "
		      "another volume's; wait for 'udevadm settle' before you use it",
		      o->spec->image, stale, o->meant.node);
	return 1;
}

/* From here on the image that is attached is meant, whatever has its name by then. */
static int remember(struct operation *o, struct err **e)
{
	const struct device_key key = device_key(&o->v->device);

	return o->meant.node ? 0 : device_find(&key, &o->meant, e);
}

/* Names are those of when it was attached; where they lead to no device, or to those of two images,
 * the cluster says which image has the name now. One that cannot be asked leaves it at that. */
static int detach_find(struct operation *o, struct err **e)
{
	_cleanup_err_ struct err *why = NULL, *ignored = NULL;
	int r = observe_device(o, &why);

	if ((!r && device_any()) || r == -ENOTUNIQ) {
		if (operation_connect(o, &ignored) >= 0 && observe_image(o, &ignored) > 0)
			return observe_device(o, e);
	}
	if (r < 0)
		*e = steal(&why);
	return r;
}

static const struct step *const steps[] = {
	&(const struct step){"unmap", not_mapped, unmap},
	&(const struct step){"release", not_held, detach_release},
	&(const struct step){"name", has_no_link, NULL},
};

int volume_detach(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	bool was_attached;
	int r = operation_init(&o, h, spec, req, p, out, e);

	if (r >= 0)
		r = detach_find(&o, e);
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
