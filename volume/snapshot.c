/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot of the volume as it is now: as a power cut would leave it, with what mounted file
 * systems had not written yet written before. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "mapper/sync.h"
#include "rbd/change.h"
#include "rbd/limits.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

#define OURS "rbdvol-" /* snapshots that come and go with clones */

/* Whether the snapshot is there already. What is asked for by its name may be asked for twice. */
static int is_there(struct operation *o, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	struct image_info info = {0};
	int r = observe_image(o, e);

	if (r <= 0)
		return r ? r : not_found(o, e);
	r = image_info(o->cluster, &o->v->spec, &info, &why);
	image_info_deinit(&info);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		*e = steal(&why);
		return r;
	}
	progress_note(o->progress, "snapshot '%s' exists already", o->v->spec.snap);
	return 1;
}

/* What is still in memory here belongs to the snapshot. */
static int sync_device(struct operation *o, struct err **e)
{
	_cleanup_strlist_ struct strlist notes = {0};
	int r = observe_device(o, e);

	if (r > 0)
		r = device_sync(&o->v->device, &notes, e);
	progress_notes(o->progress, &notes);
	return r;
}

static int snapshot_take(struct operation *o, struct err **e)
{
	_cleanup_strlist_ struct strlist notes = {0};
	int r = image_check_snapshot_limits(o->cluster, o->spec, &notes, e);

	if (r < 0)
		return r;
	r = sync_device(o, e);
	if (r < 0)
		return r;
	r = image_snapshot(o->cluster, o->spec, o->v->spec.snap, e);
	if (r < 0)
		return r;
	progress_notes(o->progress, &notes);
	return 0;
}

/* A name by the time, where none is given. */
static int name_it(const struct spec *spec, struct spec *out, struct err **e)
{
	time_t now = time(NULL);
	char name[32];
	struct tm tm;

	if (spec->snap && !strncmp(spec->snap, OURS, strlen(OURS)))
		return err_set(e, ERR_USAGE, -EINVAL,
			       "names of snapshots that begin with '" OURS
			       "' are rbdvol's own, which "
			       "it removes with their last clone: '%s'",
			       spec->snap);
	if (!gmtime_r(&now, &tm) || !strftime(name, sizeof(name), "%Y%m%dT%H%M%SZ", &tm))
		return err_set(e, ERR_FAILED, -EINVAL, "cannot read the clock");
	out->snap = strdup(spec->snap ? spec->snap : name);
	return out->snap ? 0 : err_oom(e);
}

int volume_snapshot(struct host *h, const struct spec *spec, const struct volume_request *req,
		    struct progress *p, struct volume_info *out, struct err **e)
{
	static const struct step step = {"snapshot", is_there, snapshot_take};
	const struct spec head = {spec->pool, spec->ns, spec->image, NULL};
	_cleanup_operation_ struct operation o = {0};
	int r = operation_init(&o, h, &head, req, p, out, e);

	if (r < 0)
		return r;
	r = name_it(spec, &out->spec, e);
	return r < 0 ? r : steps_run((const struct step *const[]){&step_connect, &step}, 2, &o, e);
}
