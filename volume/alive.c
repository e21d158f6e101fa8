/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device whose client is blocklisted fails each read and write for good, even when the volume is
 * free again: to attach it is refused before anything is held for its sake. */
#include <errno.h>

#include "ceph/blocklist.h"
#include "mapper/device.h"
#include "mapper/mapping.h"
#include "rbd/hold-state.h"
#include "volume/alive.h"
#include "volume/fenced.h"
#include "volume/host.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/step.h"

static int refuse_blocklisted(const char *name, const struct device *d, struct err **e)
{
	err_set(e, ERR_BUSY, -EBUSY,
		"%s is attached here as %s, whose client is blocklisted by the cluster: its reads "
		"and writes fail",
		name, d->node);
	return err_hint(e, "rbdvol detach %s, then attach it again", d->node);
}

/* Who has the volume now is the better news, where somebody has. */
static int refuse_dead(struct operation *o, struct err **e)
{
	const struct device *d = &o->v->device;
	_cleanup_free_ char *name = spec_format(o->spec), *who = NULL;
	int r = o->spec->snap ? 0 : observe_hold(o, e);

	if (r < 0)
		return r;
	who = r > 0 && o->v->hold_owner != HOLD_THIS_BOOT ? hold_describe(&o->v->hold) : NULL;
	if (!name)
		return err_oom(e);
	if (!who)
		return refuse_blocklisted(name, d, e);
	err_set(e, ERR_HELD, -EBUSY,
		"volume '%s' is held by %s, and the client of %s here is blocklisted", name, who,
		d->node);
	return err_hint(e, "rbdvol detach %s; --steal then takes the volume back", d->node);
}

static int is_alive(struct operation *o, struct err **e)
{
	_cleanup_strlist_ struct strlist blocklist = {0};
	int r = observe_device(o, e);

	if (r > 0)
		r = blocklist_list(o->cluster, &blocklist, e) < 0 ? (*e)->code : 1;
	if (r <= 0)
		return r < 0 ? r : 1;
	return blocklist_has(&blocklist, o->v->device.client_address) ? refuse_dead(o, e) : 1;
}

int publish_check_alive(struct host *h, const struct spec *spec, struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_volume_info_ struct volume_info v = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	_cleanup_free_ char *name = spec_format(spec);
	int r = name ? device_find_spec(spec, NULL, &v.device, e) : err_oom(e);

	v.attached = r > 0;
	if (r > 0)
		r = host_cluster(h, &req, &c, e);
	if (r >= 0 && v.attached)
		fenced_mark(host_fenced(h), c, &v, 1);
	if (r < 0)
		return r;
	return v.fenced ? refuse_blocklisted(name, &v.device, e) : 0;
}

const struct step step_alive = {"alive", is_alive, NULL};
