/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clone is made under a hidden name, completed there, and published under its own when it is
 * whole. Each attempt begins by looking whether the child is there already. */
#include "rbd/clone.h"
#include "ceph/close.h"
#include "rbd/conf.h"
#include "rbd/feature-bits.h"
#include "rbd/image.h"
#include "rbd/name.h"
#include "rbd/note.h"
#include "rbd/origin.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/cls.h"
#include "rbd/errors.h"
#include "rbd/hidden.h"
#include "rbd/snapshot.h"

#define ATTEMPTS_MAX 8

struct work {
	struct cluster *cluster;
	const struct spec *parent, *child;
	const struct clone_options *options;
	struct deadline deadline;
	struct ioctx from, to;
	struct clone_source source;
	unsigned format;
	char *hidden;
	char *parent_name, *child_name; /* for messages */
};

static void work_deinit(struct work *w)
{
	clone_source_deinit(&w->source);
	ioctx_deinit(&w->to);
	ioctx_deinit(&w->from);
	free(w->hidden);
	free(w->parent_name);
	free(w->child_name);
}
#define _cleanup_work_ cleanup(work_deinit)

static int work_init(struct work *w, struct err **e)
{
	int r;

	w->hidden = name_hidden(w->child->image, w->options->owner);
	w->parent_name = spec_format(w->parent);
	w->child_name = spec_format(w->child);
	if (!w->hidden || !w->parent_name || !w->child_name)
		return err_oom(e);
	r = ioctx_open(w->cluster, w->parent->pool, w->parent->ns, &w->from, e);
	if (!r)
		r = ioctx_open_in(w->from.session, w->child->pool, w->child->ns, &w->to, e);
	return r ? r : ioctx_check_namespace(&w->to, w->child, e);
}

static int fill_existing(struct work *w, const struct link *link, struct clone_result *out)
{
	const char *snap = link->image.image_id ? link->snap.name : w->parent->snap;

	out->existed = true;
	return spec_init(&out->parent, w->parent->pool, w->parent->ns, w->parent->image, snap);
}

/* Under the child's name is an image: complete its publishing if that was interrupted, remove what
 * else we left behind. */
static int tidy_existing(struct work *w, struct err **e)
{
	_cleanup_free_ char *id = NULL, *hidden_id = NULL;
	int r = cls_image_id(w->to.io, w->child->image, &id);

	if (!r)
		r = name_complete(w->to.io, w->child->image, id);
	if (r < 0)
		return r == -ENOENT ? 0 /* of format 1, or gone */
				    : image_fail(&w->to, CALL_CLONE, w->hidden, 0, r, e,
						 "complete '%s'", w->child_name);
	if (cls_image_id(w->to.io, w->hidden, &hidden_id) < 0)
		return 0;
	if (strcmp(id, hidden_id))
		return name_discard(&w->to, w->hidden, w->deadline, e);
	cls_name_remove_of(w->to.io, w->hidden, hidden_id);
	return 0;
}

/* 0: the name is free, or what stands in the way of it: for who is at it, or for 'delete'. A name
 * in the directory alone is not a leftover: an image has that when it is on its way to the trash,
 * when it is being renamed, and in the moment it is created. */
static int check_free(struct work *w, struct err **e)
{
	_cleanup_free_ char *id = NULL;
	int r = cls_image_id(w->to.io, w->child->image, &id);

	if (r == -ENOENT)
		r = cls_directory_id(w->to.io, w->child->image, &id);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? image_fail(&w->to, CALL_LOOK, w->child->image, 0, r, e,
				  "look for image '%s'", w->child_name)
		     : ioctx_taken(w->child, e);
}

/* 1: the child stands already, *out is filled; 0: it does not; negative: another has its name. */
static int look_for_child(struct work *w, struct clone_result *out, struct err **e)
{
	_cleanup_link_ struct link link = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(&w->to, w->child->image, NULL, IMAGE_READ, &image);

	if (r == -ENOENT)
		return check_free(w, e);
	if (!r)
		r = origin_is(&w->from, image, w->parent, &link);
	if (r < 0)
		return image_fail(&w->to, CALL_LOOK, w->child->image, 0, r, e, "look at image '%s'",
				  w->child_name);
	if (!r)
		return err_set(e, ERR_EXISTS, -EEXIST,
			       "image '%s' exists and is not a clone of '%s'", w->child_name,
			       w->parent_name);
	if (fill_existing(w, &link, out) < 0)
		return err_oom(e);
	r = tidy_existing(w, e);
	return r < 0 ? r : 1;
}

/* Features of the child: the parent's that are allowed and have what they need. Striping and data
 * pool are set by options of their own, and layering a clone cannot be without. */
static uint64_t child_features(const struct work *w, uint64_t *dropped)
{
	uint64_t wanted = w->source.features & ~FEATURES_STATE;
	uint64_t kept = features_consistent(wanted & w->options->features_allowed);

	kept |= RBD_FEATURE_LAYERING;
	*dropped = wanted & ~kept;
	return kept;
}

/* Order and striping are the source's in any case. Data pool, where the source names none, and what
 * else is not set here librbd takes from the configuration, the pool's own included. */
static void set_options(const struct clone_source *b, uint64_t features, unsigned format,
			rbd_image_options_t o)
{
	const uint64_t implied = RBD_FEATURE_STRIPINGV2 | RBD_FEATURE_DATA_POOL;
	bool striped = features & RBD_FEATURE_STRIPINGV2;

	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FORMAT, 2);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_CLONE_FORMAT, format == 1 ? 1 : 2);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FEATURES, features & ~implied);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_ORDER, (uint64_t)b->order);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_STRIPE_UNIT,
				     striped ? b->stripe_unit_bytes : UINT64_C(1) << b->order);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_STRIPE_COUNT,
				     striped ? b->stripe_count : 1);
	if (b->data_pool)
		rbd_image_options_set_string(o, RBD_IMAGE_OPTION_DATA_POOL, b->data_pool);
}

/* librbd was given names, which may have come to mean other things since we looked. */
static int check_parent(rados_ioctx_t io, const char *id, const struct clone_source *source)
{
	_cleanup_free_ char *image_id = NULL;
	uint64_t snap_id = 0;
	int64_t pool_id = -1;
	int r = cls_parent(io, id, &pool_id, &image_id, &snap_id);

	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	return pool_id == source->pool_id && snap_id == source->snap_id &&
			       !strcmp(image_id, source->image_id)
		       ? 0
		       : -ESTALE;
}

int clone_from_source(struct ioctx *from, const struct clone_source *source, struct ioctx *to,
		      const char *name, uint64_t features, unsigned format, char **id)
{
	rbd_image_options_t options;
	int r;

	rbd_image_options_create(&options);
	set_options(source, features, format, options);
	r = rbd_clone3(from->io, source->image, source->snap, to->io, name, options);
	rbd_image_options_destroy(options);
	if (!r)
		r = cls_image_id(to->io, name, id);
	return r < 0 ? r : check_parent(to->io, *id, source);
}

/* Clones of format 1 need a protected snapshot. */
static int protect(struct work *w)
{
	_cleanup_writable_image_ rbd_image_t image = NULL;
	int r = image_open_at(&w->from, w->source.image_id, NULL, IMAGE_ID_WRITE, &image);

	if (r < 0)
		return r;
	r = rbd_snap_protect(image, w->source.snap);
	FAILPOINT("clone.protected");
	return r == -EBUSY ? 0 : r; /* it is already */
}

/* Grow the hidden clone, before anybody can see it. */
static int clone_grow(struct work *w)
{
	_cleanup_writable_image_ rbd_image_t image = NULL;
	int r;

	if (w->options->size_bytes <= w->source.size_bytes)
		return 0;
	r = image_open_at(&w->to, w->hidden, NULL, IMAGE_WRITE, &image);
	if (r < 0)
		return r;
	r = rbd_resize(image, w->options->size_bytes);
	FAILPOINT("clone.grown");
	return r;
}

/* librbd copies the parent's metadata to a clone. What rbdvol noted there is of the parent alone.
 */
static int drop_inherited(rados_ioctx_t io, const char *id)
{
	static const char ours[] = "rbdvol.";
	_cleanup_strlist_ struct strlist keys = {0};
	int r = cls_note_keys(io, id, ours, &keys);

	for (size_t i = 0; !r && i < keys.n; i++) {
		if (strncmp(keys.items[i], ours, strlen(ours)))
			break;
		if (strcmp(keys.items[i], NOTE_FROM) && strcmp(keys.items[i], NOTE_FROM_ID))
			r = cls_note_remove(io, id, keys.items[i]);
	}
	return r;
}

/* Everything between the snapshot and the child's name. Negative errno; -EEXIST: the hidden name
 * or the child's is taken. */
static int clone_make(struct work *w, uint64_t features)
{
	_cleanup_free_ char *id = NULL;
	int r = w->format == 1 ? protect(w) : 0;

	if (r < 0)
		return r;
	r = clone_from_source(&w->from, &w->source, &w->to, w->hidden, features, w->format, &id);
	FAILPOINT("clone.cloned");
	if (!r)
		r = origin_note(w->to.io, id, w->parent, &w->source);
	if (!r)
		r = drop_inherited(w->to.io, id);
	FAILPOINT("clone.noted");
	if (!r)
		r = clone_grow(w);
	return r < 0 ? r : name_publish(w->to.io, w->hidden, w->child->image, id);
}

/* Make room under the hidden name, after an attempt that did not end well: an own one or a
 * predecessor's. Publishing that was interrupted is completed by the next look instead. */
static int clear_hidden(struct work *w, struct err **e)
{
	_cleanup_free_ char *hidden_id = NULL, *id = NULL;

	if (!cls_image_id(w->to.io, w->hidden, &hidden_id) &&
	    !cls_image_id(w->to.io, w->child->image, &id) && !strcmp(id, hidden_id))
		return 0;
	return name_discard(&w->to, w->hidden, w->deadline, e);
}

/* A data pool is what goes with the parent's own pool. Elsewhere the clone's data is where that
 * pool's is. */
static void choose_data_pool(struct work *w)
{
	if (w->to.pool_id == w->from.pool_id)
		return;
	w->source.features &= ~(uint64_t)RBD_FEATURE_DATA_POOL;
	free(w->source.data_pool);
	w->source.data_pool = NULL;
}

static int choose(struct work *w, struct err **e)
{
	int r;

	clone_source_deinit(&w->source);
	if (w->parent->snap)
		r = snapshot_named(&w->from, w->parent, w->options->size_bytes, &w->source, e);
	else
		r = snapshot_choose(snapshot_cache_of(w->cluster), &w->from, w->parent,
				    w->options->size_bytes, w->deadline, &w->source, e);
	if (r >= 0)
		choose_data_pool(w);
	return r;
}

static int check_format(struct work *w, struct err **e)
{
	if (w->format != 1 || !strcmp(w->parent->ns, w->child->ns))
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EXDEV,
		"clone '%s' would be in another namespace than its parent '%s', which format 1 "
		"cannot",
		w->child_name, w->parent_name);
	return err_hint(e, "clones of format 2 can: --clone-format 2");
}

/* What the pool's configuration says, where the caller does not; with 'auto' format 2, which needs
 * no protected snapshots. The kernel must know it: it shows as the feature 'operations'. */
static int choose_format(struct work *w, struct err **e)
{
	_cleanup_free_ char *configured = NULL;
	int r = 0;

	w->format = w->options->format;
	if (!w->format && !(w->options->features_allowed & RBD_FEATURE_OPERATIONS))
		w->format = 1;
	if (w->format)
		return 0;
	r = ioctx_conf(&w->to, "rbd_default_clone_format", &configured);
	w->format = configured && !strcmp(configured, "1") ? 1 : 2;
	return r < 0 ? image_fail(&w->to, CALL_LOOK, NULL, 0, r, e,
				  "ask for the configuration of pool '%s'", w->child->pool)
		     : 0;
}

static int fail_make(struct work *w, int r, struct err **e)
{
	image_fail(&w->to, CALL_CLONE, w->hidden, 0, r, e, "clone '%s' from snapshot '%s' of '%s'",
		   w->child_name, w->source.snap, w->parent_name);
	/* librbd cannot clone from a snapshot without the object map that it should have. */
	if (r == -ENOENT)
		err_hint(e,
			 "if 'rbd info' shows 'object map invalid' for the parent, 'rbd object-map "
			 "rebuild' mends it");
	return r;
}

/* Whether another's doing may have caused R, so that a fresh look tells more: the snapshot went
 * away or lost its protection, the names are taken. */
static bool is_race(int r)
{
	return r == -ENOENT || r == -EEXIST || r == -EINVAL || r == -ESTALE;
}

/* 1: done, *out is filled; 0: look again; or negative. */
static int attempt(struct work *w, struct clone_result *out, bool last, struct err **e)
{
	const struct snapshot_cache_key key = {w->from.pool_id, w->parent->ns, w->parent->image};
	uint64_t features, dropped;
	int made, r = look_for_child(w, out, e);

	if (r)
		return r;
	r = choose_format(w, e);
	if (r >= 0)
		r = check_format(w, e);
	if (r < 0)
		return r;
	r = choose(w, e);
	if (r < 0)
		return r;
	out->snapshot_created |= w->source.created;
	features = child_features(w, &dropped);
	made = clone_make(w, features);
	if (!made) {
		out->features_dropped = dropped;
		r = spec_init(&out->parent, w->parent->pool, w->parent->ns, w->parent->image,
			      w->source.snap);
		return r < 0 ? err_oom(e) : 1;
	}
	snapshot_cache_forget(snapshot_cache_of(w->cluster), &key);
	/* An unreachable cluster would not let us tidy up either. */
	if (made != -ETIMEDOUT && made != -ESHUTDOWN)
		r = clear_hidden(w, e);
	if (r < 0)
		return r;
	if (is_race(made) && !last)
		return 0;
	return fail_make(w, made, e);
}

static int create(struct work *w, struct clone_result *out, struct err **e)
{
	int r = work_init(w, e);

	*out = (struct clone_result){0};
	for (unsigned i = 1; !r; i++)
		r = attempt(w, out, i >= ATTEMPTS_MAX || deadline_passed(w->deadline), e);
	if (r < 0)
		clone_result_deinit(out);
	return r < 0 ? r : 0;
}

int clone_create(struct cluster *c, const struct spec *parent, const struct spec *child,
		 const struct clone_options *options, struct deadline deadline,
		 struct clone_result *out, struct err **e)
{
	const struct work wanted = {
		.cluster = c,
		.parent = parent,
		.child = child,
		.options = options,
		.deadline = deadline,
	};
	_cleanup_work_ struct work w = wanted, again = wanted;
	int r = create(&w, out, e);

	if (r != -ESTALE)
		return r;
	err_free(steal(e)); /* of the parent's name, or its pool's: look at what has it now */
	return create(&again, out, e);
}

int clone_complete(struct cluster *c, const struct spec *child, const char *owner,
		   struct deadline deadline, struct err **e)
{
	const struct clone_options options = {.owner = owner};
	_cleanup_work_ struct work w = {
		.cluster = c,
		.child = child,
		.options = &options,
		.deadline = deadline,
		.hidden = name_hidden(child->image, owner),
		.child_name = spec_format(child),
	};
	int r;

	if (!w.hidden || !w.child_name)
		return err_oom(e);
	r = ioctx_open(c, child->pool, child->ns, &w.to, e);
	return r < 0 ? r : tidy_existing(&w, e);
}

void clone_result_deinit(struct clone_result *r)
{
	spec_deinit(&r->parent);
	*r = (struct clone_result){0};
}
