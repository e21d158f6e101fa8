/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clone begins anew. The same snapshot is cloned again, under a hidden name; that takes the place
 * of the old clone by one change of what the name means, so that at any moment the name means one
 * of the two, whole; and the old one, hidden then, is removed. */
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/close.h"
#include "ceph/cls.h"
#include "rbd/change.h"
#include "rbd/clone.h"
#include "rbd/delete.h"
#include "rbd/errors.h"
#include "rbd/feature-bits.h"
#include "rbd/hidden.h"
#include "rbd/image.h"
#include "rbd/name.h"
#include "rbd/note.h"
#include "rbd/removal.h"
#include "rbd/reset.h"
#include "rbd/watchers.h"

#define NOTES_AT_ONCE 8
#define NOTES_ROOM    4096
#define NOTES_MAX     ((size_t)16 << 20)

struct reset {
	const struct spec *spec;
	struct deadline deadline;
	struct ioctx at, from; /* the clone's, its parent's */
	rbd_image_t image;     /* open for reading: leaves no watch behind */
	struct image_info info;
	struct link link;
	unsigned format;
	uint64_t size_bytes;
	char *name, *hidden, *outgoing;
};

static void reset_deinit(struct reset *s)
{
	if (s->image)
		image_close_later(s->image);
	link_deinit(&s->link);
	image_info_deinit(&s->info);
	ioctx_deinit(&s->from);
	ioctx_deinit(&s->at);
	free(s->name);
	free(s->hidden);
	free(s->outgoing);
}
#define _cleanup_reset_ cleanup(reset_deinit)

static int reset_fail(struct reset *s, int r, struct err **e)
{
	return image_fail(&s->at, CALL_RESET, NULL, 0, r, e, "reset '%s'", s->name);
}

/* --- what an earlier one left --- */

/* Of the outgoing image of an earlier reset whose removal was interrupted: its name is gone. */
static int finish_removal(struct reset *s, struct err **e)
{
	int r = removals_finish(&s->at, s->outgoing, s->name, NULL, e);

	return r < 0 ? r : 0;
}

/* The outgoing image of an earlier reset; or but its name, where that went no further. */
static int discard_outgoing(struct reset *s, struct err **e)
{
	_cleanup_free_ char *id = NULL, *outgoing_id = NULL;
	int r = cls_image_id(s->at.io, s->outgoing, &outgoing_id);

	if (r == -ENOENT)
		return finish_removal(s, e);
	if (!r)
		r = cls_image_id(s->at.io, s->spec->image, &id);
	if (r < 0 && r != -ENOENT)
		return reset_fail(s, r, e);
	if (id && !strcmp(id, outgoing_id)) {
		r = cls_name_remove_of(s->at.io, s->outgoing, outgoing_id);
		return r < 0 && r != -ENOENT ? reset_fail(s, r, e) : 0;
	}
	return outgoing_discard(&s->at, s->outgoing, s->deadline, e);
}

/* --- look --- */

static int refuse_ties(struct reset *s, struct err **e)
{
	rbd_mirror_image_info_t mirror;
	rbd_group_info_t group;
	const char *what = NULL;
	int r = rbd_get_group(s->image, &group, sizeof(group));

	if (r < 0)
		return reset_fail(s, r, e);
	if (group.pool >= 0)
		what = "is a member of a group";
	rbd_group_info_cleanup(&group, sizeof(group));
	if (!rbd_mirror_image_get_info(s->image, &mirror, sizeof(mirror))) {
		if (mirror.state == RBD_MIRROR_IMAGE_ENABLED)
			what = "is mirrored";
		rbd_mirror_image_get_info_cleanup(&mirror);
	}
	if (!what)
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP, "image '%s' %s, which a reset would end", s->name,
		what);
	return err_hint(e, "end that, reset the volume, and set it up again");
}

/* librbd tells no parent where nothing of it is to be seen any more: flattened, or wiped. */
static int refuse_plain(struct reset *s, struct err **e)
{
	_cleanup_free_ char *from = image_note(s->image, NOTE_FROM);

	err_set(e, ERR_USAGE, -EINVAL,
		"image '%s' is not a clone%s: it has no parent to be reset to", s->name,
		from ? " any more" : "");
	return from ? err_hint(e, "delete it, and create it --from %s", from)
		    : err_hint(e, "'rbdvol wipe' erases it");
}

static int refuse_parent(struct reset *s, int is_clone, struct err **e)
{
	if (!is_clone)
		return refuse_plain(s, e);
	if (!s->link.image.trash && s->link.snap.namespace_type == RBD_SNAP_NAMESPACE_TYPE_USER)
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"the parent of '%s', or its snapshot, is in the trash: it cannot be cloned again",
		s->name);
	return err_hint(e, "restore the parent with 'rbd trash restore'");
}

static int reset_look(struct reset *s)
{
	_cleanup_free_ char *noted = image_note(s->image, NOTE_WIPE);
	uint64_t operations = 0;
	int r = image_layout(&s->at, s->image, &s->info);

	if (!r)
		r = rbd_get_op_features(s->image, &operations);
	s->format = operations & RBD_OPERATION_FEATURE_CLONE_CHILD ? 2 : 1;
	/* A wipe that was interrupted may have left it without a size. */
	s->size_bytes = noted ? strtoull(noted, NULL, 10) : s->info.size_bytes;
	return r;
}

/* Whoever opens it while it is being replaced would go on with what is removed. */
static int refuse_users(struct reset *s, struct err **e)
{
	struct deadline patience = deadline_earlier(deadline_in(WATCHERS_PATIENCE_US), s->deadline);
	int r = watchers_refuse(&s->at, s->image, s->name, patience, e);

	return r < 0 ? r : image_refuse_snapshots(&s->at, s->image, s->name, e);
}

static int examine(struct reset *s, struct err **e)
{
	int r = image_open(&s->at, s->spec, NULL, IMAGE_READ, &s->image, e), is_clone;

	if (r < 0)
		return r;
	r = reset_look(s);
	if (r < 0)
		return reset_fail(s, r, e);
	is_clone = image_link(s->image, &s->link);
	if (is_clone < 0)
		return reset_fail(s, is_clone, e);
	r = refuse_parent(s, is_clone, e);
	if (r < 0)
		return r;
	r = refuse_users(s, e);
	return r < 0 ? r : refuse_ties(s, e);
}

/* --- the new one --- */

/* The metadata of an image from START on, in *keys and *values, each with its NUL. */
static int list_notes(rbd_image_t image, const char *start, char **keys, size_t *keys_len,
		      char **values)
{
	for (size_t room = NOTES_ROOM; room <= NOTES_MAX; room *= 4) {
		_cleanup_free_ char *k = calloc(1, room), *v = calloc(1, room);
		size_t values_len = room;
		int r;

		if (!k || !v)
			return -ENOMEM;
		*keys_len = room;
		r = rbd_metadata_list(image, start, NOTES_AT_ONCE, k, keys_len, v, &values_len);
		if (r == -ERANGE)
			continue;
		if (r < 0)
			return r;
		*keys = steal(&k);
		*values = steal(&v);
		return 0;
	}
	return -E2BIG;
}

/* DO with each note of IMAGE, for TO. */
static int each_note(rbd_image_t image, rbd_image_t to,
		     int (*act)(rbd_image_t to, const char *key, const char *value))
{
	_cleanup_free_ char *last = strdup("");
	size_t len;
	int r = last ? 0 : -ENOMEM;

	do {
		_cleanup_free_ char *keys = NULL, *values = NULL;
		const char *value;

		len = 0;
		if (!r)
			r = list_notes(image, last, &keys, &len, &values);
		if (r < 0)
			return r;
		value = values;
		for (char *key = keys; !r && key < keys + len && *key; key += strlen(key) + 1) {
			r = act(to, key, value);
			value += strlen(value) + 1;
			free(last);
			last = strdup(key);
			if (r >= 0)
				r = last ? 0 : -ENOMEM;
		}
	} while (!r && len);
	return r;
}

static int drop_note(rbd_image_t to, const char *key, const char *value)
{
	(void)value;
	return rbd_metadata_remove(to, key);
}

static int copy_note(rbd_image_t to, const char *key, const char *value)
{
	static const char *const of_the_image[] = {NOTE_WIPE, NOTE_SAME, NOTE_REPLACED,
						   NOTE_ROLLBACK, NOTE_FLATTEN};

	for (size_t i = 0; i < ARRAY_SIZE(of_the_image); i++)
		if (!strcmp(key, of_the_image[i]))
			return 0;
	return rbd_metadata_set(to, key, value);
}

/* It is the volume that it was, under another id. */
static int renew_made(struct reset *s, rbd_image_t image)
{
	_cleanup_free_ char *made = image_note(s->image, NOTE_MADE);
	_cleanup_free_ char *id = NULL;
	int r;

	if (!made || strcmp(made, s->info.id))
		return 0;
	r = cls_image_id(s->at.io, s->hidden, &id);
	return r < 0 ? r : rbd_metadata_set(image, NOTE_MADE, id);
}

/* What was copied of the parent goes: a key that was removed from the clone does not come back. */
static int copy_metadata(struct reset *s)
{
	_cleanup_writable_image_ rbd_image_t image = NULL;
	uint64_t size_bytes;
	int r = image_open_at(&s->at, s->hidden, NULL, IMAGE_WRITE, &image);

	if (r < 0)
		return r;
	r = each_note(image, image, drop_note);
	if (!r)
		r = each_note(s->image, image, copy_note);
	if (!r)
		r = renew_made(s, image);
	FAILPOINT("reset.noted");
	if (!r)
		r = rbd_get_size(image, &size_bytes);
	if (!r && size_bytes != s->size_bytes)
		r = rbd_resize2(image, s->size_bytes, true, change_no_progress, NULL);
	return r;
}

static int reset_make(struct reset *s)
{
	_cleanup_free_ char *id = NULL;
	const struct clone_source source = {
		.image = s->link.image.image_name,
		.snap = s->link.snap.name,
		.pool_id = s->link.image.pool_id,
		.image_id = s->link.image.image_id,
		.snap_id = s->link.snap.id,
		.order = __builtin_ctzll(s->info.object_size_bytes),
		.stripe_unit_bytes = s->info.stripe_unit_bytes,
		.stripe_count = s->info.stripe_count,
		.data_pool = s->info.data_pool ? s->info.data_pool : s->spec->pool,
	};
	int r = ioctx_open_id(s->at.session, s->link.image.pool_id, s->link.image.pool_namespace,
			      &s->from);

	if (!r)
		r = clone_from_source(&s->from, &source, &s->at, s->hidden,
				      s->info.features & ~FEATURES_STATE, s->format, &id);
	FAILPOINT("reset.cloned");
	return r < 0 ? r : copy_metadata(s);
}

static int replace(struct reset *s)
{
	_cleanup_free_ char *id = NULL;
	int r = cls_image_id(s->at.io, s->hidden, &id);

	/* What shows, when it is the outgoing one, that it may be removed with all its data. */
	if (!r)
		r = cls_note(s->at.io, s->info.id, NOTE_REPLACED, s->info.id);
	FAILPOINT("reset.noted_replaced");
	return r < 0 ? r : name_replace(s->at.io, s->hidden, id, s->spec->image, s->info.id);
}

static int fail_make(struct reset *s, int r, struct err **e)
{
	if (r != -ESTALE)
		return reset_fail(s, r, e);
	err_set(e, ERR_FAILED, r,
		"reset '%s': its parent, '%s@%s', was renamed or replaced meanwhile", s->name,
		s->link.image.image_name, s->link.snap.name);
	return err_hint(e, "the volume is as it was; try again");
}

static int make_and_look_again(struct reset *s, struct err **e)
{
	_cleanup_err_ struct err *stays = NULL;
	int r = reset_make(s);

	r = r < 0 ? fail_make(s, r, e) : refuse_users(s, e);
	if (r < 0)
		name_discard(&s->at, s->hidden, s->deadline, &stays);
	return r;
}

static int begin_anew(struct reset *s, struct err **e)
{
	int r = make_and_look_again(s, e);

	if (r < 0)
		return r;
	r = replace(s);
	FAILPOINT("reset.replaced");
	return r < 0 ? reset_fail(s, r, e) : discard_outgoing(s, e);
}

int image_reset(struct cluster *c, const struct spec *spec, const char *owner,
		struct deadline deadline, struct err **e)
{
	_cleanup_reset_ struct reset s = {
		.spec = spec,
		.deadline = deadline,
		.name = spec_format(spec),
		.hidden = name_hidden(spec->image, owner),
		.outgoing = name_outgoing(spec->image, owner),
	};
	int r = s.name && s.hidden && s.outgoing ? 0 : err_oom(e);

	if (!r)
		r = clone_complete(c, spec, owner, deadline, e);
	if (!r)
		r = ioctx_open(c, spec->pool, spec->ns, &s.at, e);
	if (!r)
		r = discard_outgoing(&s, e);
	if (!r)
		r = examine(&s, e);
	return r < 0 ? r : begin_anew(&s, e);
}
