/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clone goes back to its parent's content. While that goes on this host holds it, so that no
 * other host attaches it meanwhile. */
#include <errno.h>

#include "rbd/reset.h"
#include "volume/hold.h"
#include "volume/host.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

static int is_detached(struct operation *o, struct err **e)
{
	int r = find_detached(o, e);

	return r < 0 ? r : 1;
}

/* Whether there is something to do shows only in doing it. */
static int is_reset(struct operation *o, struct err **e)
{
	(void)o;
	(void)e;
	return 0;
}

/* That it cannot be known keeps nobody from a reset. */
static void reset_measure(struct operation *o, struct usage *out)
{
	const struct check go_on = progress_checking(o->progress);
	_cleanup_err_ struct err *why = NULL;

	if (image_usage(o->cluster, o->spec, 0, &go_on, out, &why) < 0)
		progress_note(o->progress, "%s", why->message);
}

static int replace(struct operation *o, struct err **e)
{
	int r;

	reset_measure(o, &o->v->before);
	r = image_reset(o->cluster, o->spec, host_identity(o->host)->id, o->progress->deadline, e);
	if (r >= 0)
		r = observe_image(o, e);
	if (r >= 0)
		reset_measure(o, &o->v->usage);
	return r;
}

static int reset(struct operation *o, struct err **e)
{
	return with_hold(o, replace, e);
}

static const struct step *const steps[] = {
	&(const struct step){"detached", is_detached, NULL},
	&(const struct step){"reset", is_reset, reset},
};

int volume_reset(struct host *h, const struct spec *spec, const struct volume_request *req,
		 struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r = operation_refuse_snapshot(spec, "reset", e);

	if (r < 0)
		return r;
	r = operation_init(&o, h, spec, req, p, out, e);
	return r < 0 ? r : steps_run(steps, ARRAY_SIZE(steps), &o, e);
}
