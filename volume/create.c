/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume in the cluster: made from a parent, or empty. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/value.h"
#include "mapper/module.h"
#include "rbd/clone.h"
#include "rbd/feature-bits.h"
#include "rbd/limits.h"
#include "rbd/origin.h"
#include "volume/create.h"
#include "volume/host.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

static int exists_otherwise(const struct operation *o, const char *how, struct err **e)
{
	_cleanup_free_ char *name = spec_format(o->spec);

	return err_set(e, ERR_EXISTS, -EEXIST, "volume %s exists already, %s", name ? name : "?",
		       how);
}

static int check_size(struct operation *o, struct err **e)
{
	_cleanup_free_ char *has = value_format_size(o->v->image.size_bytes), *how = NULL;

	if (!o->req->size_bytes || o->req->size_bytes == o->v->image.size_bytes)
		return 1;
	if (!has || str_printf(&how, "with a size of %s", has) < 0)
		return err_oom(e);
	return exists_otherwise(o, how, e);
}

/* Is PARENT the image that FOUND names? Of PARENT without a snapshot any snapshot will do. */
static bool is_parent(const struct spec *parent, const struct spec *found)
{
	return parent->snap ? spec_equal(parent, found) : spec_same_image(parent, found);
}

static int check_parent(struct operation *o, struct err **e)
{
	const struct image_info *i = &o->v->image;
	_cleanup_free_ char *has = NULL, *how = NULL;
	int r;

	if (!o->parent.image)
		return 1;
	if (i->parent.image && is_parent(&o->parent, &i->parent))
		return 1;
	r = image_is_clone_of(o->cluster, o->spec, &o->parent, e);
	if (r)
		return r;
	has = i->parent.image ? spec_format(&i->parent) : NULL;
	if (has && str_printf(&how, "as a clone of %s", has) < 0)
		return err_oom(e);
	return exists_otherwise(o, has ? how : "without a parent", e);
}

static int volume_exists(struct operation *o, struct err **e)
{
	int r = observe_image(o, e);

	if (r <= 0)
		return r;
	/* It is there from the first of the changes that publish it: see that none is missing. */
	if (o->v->image.from && !o->spec->snap) {
		r = clone_complete(o->cluster, o->spec, host_identity(o->host)->id,
				   o->progress->deadline, e);
		if (r < 0)
			return r;
	}
	r = check_parent(o, e);
	return r < 0 ? r : check_size(o, e);
}

/* WHOSE features they would have been. */
static int tell_dropped(struct operation *o, const char *whose, uint64_t features, struct err **e)
{
	_cleanup_free_ char *dropped = features ? image_features_format(features) : NULL;

	if (!features)
		return 0;
	if (!dropped)
		return err_oom(e);
	progress_note(o->progress,
		      "made without %s features %s, which this host's kernel cannot map", whose,
		      dropped);
	return 0;
}

static int tell_clone(struct operation *o, const struct clone_result *result, struct err **e)
{
	_cleanup_free_ char *parent = spec_format(&result->parent);

	if (!parent)
		return err_oom(e);
	progress_note(o->progress, "cloned from %s (%s)", parent,
		      result->snapshot_created ? "a new snapshot" : "reused");
	return tell_dropped(o, "the parent's", result->features_dropped, e);
}

static int clone_parent(struct operation *o, uint64_t features, struct err **e)
{
	_cleanup_clone_result_ struct clone_result result = {0};
	const struct clone_options options = {
		.size_bytes = o->req->size_bytes,
		.features_allowed = features,
		.format = (unsigned)o->req->clone_format,
		.owner = host_identity(o->host)->id,
	};
	_cleanup_strlist_ struct strlist notes = {0};
	int r = image_check_clone_limits(o->cluster, &o->parent, &notes, e);

	if (r < 0)
		return r;
	r = clone_create(o->cluster, &o->parent, o->spec, &options, o->progress->deadline, &result,
			 e);

	if (r < 0 || result.existed)
		return r;
	progress_notes(o->progress, &notes);
	o->limits_told = true;
	return tell_clone(o, &result, e);
}

static int no_volume(struct operation *o, struct err **e)
{
	not_found(o, e);
	return err_hint(e, "give --from PARENT to make it as a clone, or see 'rbdvol list --all'");
}

/* What this host's kernel can map; a host without rbd.ko makes volumes for others, so all features
 * are fine there. */
static int features_allowed(uint64_t *out, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	int r = module_features(out, &why);

	if (r >= 0)
		return r;
	if (why->kind != ERR_UNSUPPORTED) {
		*e = steal(&why);
		return r;
	}
	*out = UINT64_MAX;
	return 0;
}

static int create_empty(struct operation *o, uint64_t features, struct err **e)
{
	uint64_t dropped = 0;
	int r = image_create(o->cluster, o->spec, o->req->size_bytes, features, &dropped, e);

	return r < 0 ? r : tell_dropped(o, "the configured", dropped, e);
}

/* Its clones can be mapped all the same. */
static void tell_unmappable(struct operation *o)
{
	_cleanup_err_ struct err *why = NULL;

	if (spec_check_mappable(o->spec, &why) < 0)
		progress_note(o->progress, "%s", why->message);
}

static int make_volume(struct operation *o, struct err **e)
{
	uint64_t features;
	int r;

	if (!o->parent.image && !o->req->size_bytes)
		return no_volume(o, e);
	r = o->spec->snap
		    ? err_set(e, ERR_USAGE, -EINVAL,
			      "a volume to be made must not name a snapshot ('%s')", o->spec->snap)
		    : features_allowed(&features, e);
	if (r < 0)
		return r;
	r = o->parent.image ? clone_parent(o, features, e) : create_empty(o, features, e);
	if (r < 0)
		return r;
	tell_unmappable(o);
	/* Of two that made it at once, the loser finds the winner's: is it what was asked for? */
	r = volume_exists(o, e);
	return r ? (r < 0 ? r : 0) : not_found(o, e);
}

const struct step step_volume = {"clone", volume_exists, make_volume};

static const struct step *const steps[] = {&step_connect, &step_volume};

int volume_create(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r = operation_init(&o, h, spec, req, p, out, e);

	return r < 0 ? r : steps_run(steps, ARRAY_SIZE(steps), &o, e);
}
