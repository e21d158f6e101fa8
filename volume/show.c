/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One volume, told whole; and which volume a text means. */
#include <string.h>

#include "mapper/device.h"
#include "mapper/mapping.h"
#include "mapper/probe.h"
#include "volume/blank.h"
#include "volume/fenced.h"
#include "volume/host.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/show.h"
#include "volume/step.h"
#include "volume/trim.h"

#define PROBE_US (5 * USEC_PER_SEC) /* a device of a cluster that answers is read in far less */

int volume_resolve(struct host *h, struct volume_request *req, const char *text, struct spec *out,
		   struct err **e)
{
	_cleanup_device_ struct device d = {0};
	int r;

	if (strncmp(text, "/dev/", 5))
		return spec_parse(text, host_pool(h, req), out, e);
	*out = (struct spec){0};
	r = device_find_path(text, &d, e);
	if (r < 0)
		return r;
	free(req->device);
	req->device = steal(&d.node);
	return spec_copy(&d.spec, out) < 0 ? err_oom(e) : 0;
}

static void tell_unknown(struct operation *o)
{
	const struct usage *u = &o->v->usage;

	if (u->known && u->shared_known)
		return;
	if (o->req->slow)
		progress_note(o->progress, "what it shares with its parents is not known: one of "
					   "them cannot be opened");
	else
		progress_note(o->progress,
			      "%s no valid object map (feature fast-diff): what it takes would be "
			      "slow to know; with --slow each object is asked for",
			      u->known ? "one of its parents cannot be opened, or has" : "it has");
}

/* The cluster's part; that it is away, or lets us see nothing, is a note where the device is here
 * all the same. */
static int show_cluster(struct operation *o, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	int r = operation_connect(o, &why);

	if (r >= 0)
		r = observe_image(o, &why);

	if (r <= 0) {
		_cleanup_err_ struct err *none = NULL;

		if (!r)
			why = steal(&o->missing);
		if (observe_device(o, &none) > 0) {
			progress_note(o->progress, "%s", why->message);
			return 0;
		}
		*e = steal(&why);
		return (*e)->code;
	}
	if (o->v->image.rolling_back)
		progress_note(
			o->progress,
			"a rollback to '@%s' is under way, or was interrupted; 'rbdvol rollback' "
			"completes it",
			o->v->image.rolling_back);
	if (o->v->image.wiping)
		progress_note(o->progress, "a wipe of it is under way, or was interrupted: its "
					   "content is erased "
					   "in part; 'rbdvol wipe' completes it");
	r = operation_usage(o->host, o->cluster, o->spec, o->req->slow, o->progress, &o->v->usage,
			    e);
	if (r < 0)
		return r;
	tell_unknown(o);
	return o->spec->snap ? 0 : observe_hold(o, e);
}

/* What can be seen of the device itself; not where reading it would fail, or wait for the cluster.
 */
static void look_at_device(struct operation *o)
{
	_cleanup_err_ struct err *why = NULL;

	fenced_mark(host_fenced(o->host), o->cluster, o->v, 1);
	if (!o->v->fenced) {
		operation_tell(o, "read the device");
		if (probes_content(host_probes(o->host), o->v->device.node,
				   deadline_earlier(deadline_in(PROBE_US), o->progress->deadline),
				   &o->v->content, &why) < 0)
			progress_note(o->progress, "%s", why->message);
		return;
	}
	progress_note(o->progress,
		      "%s is dead: the cluster has blocklisted its client %s%s%s; unwritten data "
		      "is lost; 'rbdvol detach %s' removes it",
		      o->v->device.node, o->v->device.client_address,
		      o->v->held ? ", and the volume is held by host " : "",
		      o->v->held ? o->v->hold.host_name : "", o->v->device.node);
}

static int tell_blank(struct operation *o, struct err **e)
{
	int r = volume_prove_blank(o->host, o->cluster, o->v, o->progress, &o->v->not_blank, e);

	o->v->blank_known = r >= 0;
	o->v->blank = r > 0;
	return r;
}

int volume_show(struct host *h, const struct spec *spec, const struct volume_request *req,
		struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r = operation_init(&o, h, spec, req, p, out, e);

	if (r >= 0)
		r = show_cluster(&o, e);
	if (r >= 0)
		r = observe_device(&o, e);
	if (r > 0)
		operation_note_link(&o);
	if (r > 0 && out->in_cluster) {
		look_at_device(&o);
		observe_reclaimable(out);
	}
	if (r >= 0 && req->blank)
		r = tell_blank(&o, e);
	return r < 0 ? r : 0;
}
