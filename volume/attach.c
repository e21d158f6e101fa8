/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a volume to a named block device on this host: cloned where it must be, held, mapped, named.
 */
#include <errno.h>

#include "base/failpoint.h"
#include "mapper/module.h"
#include "mapper/ready.h"
#include "rbd/feature-bits.h"
#include "rbd/limits.h"
#include "volume/alive.h"
#include "volume/create.h"
#include "volume/hold.h"
#include "volume/map.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

/* How long an attach that failed may take to let go of what it mapped. */
#define UNDO_US (20 * USEC_PER_SEC)

/* --- the image can be mapped by this kernel, and makes sense --- */

static int refuse_half_changed(struct operation *o, struct err **e)
{
	const char *back = o->v->image.rolling_back;

	if (back) {
		err_set(e, ERR_FAILED, -EUCLEAN,
			"%s is partly rolled back to '@%s': that is under way, or was interrupted",
			o->spec->image, back);
		return err_hint(e, "'rbdvol rollback %s@%s' completes it", o->spec->image, back);
	}
	if (!o->v->image.wiping)
		return 0;
	err_set(e, ERR_FAILED, -EUCLEAN,
		"%s is erased in part: a wipe of it is under way, or was interrupted",
		o->spec->image);
	return err_hint(e, "'rbdvol wipe %s --algorithm trim' completes it", o->spec->image);
}

/* Why an image with LACKING cannot be mapped, and what to do. Hints name the image: what they say
 * is not for its snapshots. */
static int refuse_features(struct operation *o, uint64_t lacking, struct err **e)
{
	const struct spec image = {o->spec->pool, o->spec->ns, o->spec->image, NULL};
	_cleanup_free_ char *names = image_features_format(lacking), *name = spec_format(&image);

	if (!names || !name)
		return err_oom(e);
	if (image_is_migrating(lacking)) {
		err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
			"%s is under migration: no kernel can map it until that ends", name);
		return err_hint(e,
				"'rbd migration execute %s', then 'rbd migration commit %s', or "
				"'rbd migration abort %s'",
				name, name, name);
	}
	if (image_is_non_primary(lacking)) {
		err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
			"%s is mirrored, and not the primary image: it can be read only", name);
		return err_hint(
			e,
			"attach it with --read-only; 'rbd mirror image promote %s' makes it "
			"the primary one",
			name);
	}
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"this host's kernel cannot map %s: it lacks the image's features %s", name, names);
	if (!image_features_removable(lacking))
		return err_hint(e,
				"a newer kernel may; these features cannot be taken off an image");
	for (char *c = names; *c; c++)
		if (*c == ',')
			*c = ' ';
	return err_hint(e, "rbd feature disable %s %s%s", name, names,
			operation_read_only(o) ? "" : ", or attach it with --read-only");
}

static int features_fit(struct operation *o, struct err **e)
{
	uint64_t features, needed = o->v->image.features;
	int r = refuse_half_changed(o, e);

	if (r >= 0)
		r = module_features(&features, e);
	if (r < 0)
		return r;
	/* A kernel before 5.5 asks for the same as for writing, and says so. */
	if (operation_read_only(o))
		needed = image_features_to_read(needed);
	return needed & ~features ? refuse_features(o, needed & ~features, e) : 1;
}

/* What is mapped already is past them. */
static int limits_fit(struct operation *o, struct err **e)
{
	_cleanup_strlist_ struct strlist notes = {0};
	int r = observe_device(o, e);

	if (r)
		return r;
	r = image_check_limits(o->cluster, o->spec, o->limits_told ? NULL : &notes, e);
	if (r < 0)
		return r;
	progress_notes(o->progress, &notes);
	return 1;
}

/* --- udev has named it --- */

/* A namespace and an image of one name need a directory and a link of that name. */
static void tell_no_name(struct operation *o)
{
	_cleanup_free_ char *name = spec_link_name(o->spec);

	if (name)
		progress_note(o->progress,
			      "there is no /dev/rbdvol/%s: an image and a namespace of the same "
			      "name are attached; the link by its ids is there",
			      name);
}

/* Whether a link is there says nothing: it may be an earlier mapping's, whose end udev has yet to
 * process. */
static int attach_is_named(struct operation *o, struct err **e)
{
	int r = device_wait_ready(&o->v->device, o->progress->deadline, e);

	o->udev_is_late = r == -ETIMEDOUT;
	if (r < 0)
		return r;
	if (o->v->device.name_blocked)
		tell_no_name(o);
	else
		operation_note_link(o);
	return 1;
}

static const struct step *const steps[] = {
	&step_check,
	&step_connect,
	&step_volume,
	&(const struct step){"features", features_fit, NULL},
	&(const struct step){"limits", limits_fit, NULL},
	&step_alive,
	&step_hold,
	&step_map,
	&step_record,
	&(const struct step){"name", attach_is_named, NULL},
};

static void tell_what_stays(struct operation *o, const char *why)
{
	progress_note(o->progress, "it stays attached as %s%s%s%s",
		      o->v->attached ? o->v->device.node : "?",
		      operation_read_only(o) ? "" : ", and held", why ? ": " : "", why ? why : "");
}

/* Not to know counts as yes. Next to one that is there for reading only, no hold is needed. */
static bool device_stays(struct operation *o)
{
	_cleanup_err_ struct err *ignored = NULL;
	int r = observe_device(o, &ignored);

	return r < 0 || (r > 0 && (o->mapped_here || !o->v->device.read_only));
}

/* Let go of what would block others; the clone stays for the next attempt. As long as a device that
 * can be written is there, whoever made it, so must be the hold.
 *
 * A device that udev is late with stays: the next attempt goes on with it. Ended, it would give
 * udev one more thing to do, and its number to the next mapping, before udev and who listens to it
 * know of the end. */
static void undo(struct operation *o)
{
	_cleanup_err_ struct err *unmap = NULL, *release = NULL;

	if (o->udev_is_late) {
		tell_what_stays(o, "attach it again, or detach it");
		return;
	}
	if (o->mapped_here)
		device_unmap(&o->v->device, false, deadline_in(UNDO_US), &unmap);
	FAILPOINT("undo.unmapped");
	if (!o->mapped_here && !o->held_here)
		return;
	if (device_stays(o)) {
		tell_what_stays(o, unmap ? unmap->message : NULL);
		return;
	}
	if (o->held_here && step_release.act(o, &release) < 0)
		progress_note(o->progress, "it stays held by this host: %s", release->message);
	FAILPOINT("undo.released");
}

int volume_attach(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r = operation_init(&o, h, spec, req, p, out, e);

	if (r >= 0)
		r = steps_run(steps, ARRAY_SIZE(steps), &o, e);
	if (r < 0)
		undo(&o);
	return r;
}
