/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trim is a resize to 0 and back. librbd removes the objects many at a time, by the object map
 * where there is one; and where the image is a clone its overlap with the parent becomes 0, so that
 * nothing of the parent shows. (A discard of a clone's range would make empty objects instead, to
 * hide those of the parent.) Without an object map the objects are removed by themselves, where
 * that is all there is to do. The size is noted first, for one who has to complete it. */
#include "rbd/wipe.h"
#include "rbd/delete.h"
#include "rbd/image.h"
#include "rbd/note.h"
#include "rbd/usage.h"

#include <errno.h>
#include <rbd/features.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/value.h"
#include "ceph/close.h"
#include "ceph/cls.h"
#include "ceph/compat.h"
#include "rbd/errors.h"
#include "rbd/object-map.h"
#include "rbd/watchers.h"
#include "rbd/wipe-objects.h"

#define IN_FLIGHT 32 /* requests of zeros; each carries a block at most */
#define PIECE_MAX (UINT64_C(1) << 26)

struct wipe {
	const struct wipe_options *options;
	struct ioctx *ioctx;
	rbd_image_t image;
	const char *name;
	char id[256];
	uint64_t size_bytes;
	uint64_t landed_bytes; /* of the zeros */
	uint64_t done, total;  /* of no certain unit */
};

static int wipe_tell(struct wipe *w, uint64_t done, uint64_t total)
{
	w->done = done;
	w->total = total;
	return w->options->tell && total ? w->options->tell(w->options->arg, done, total) : 0;
}

/* --- trim --- */

/* What is noted counts where an earlier trim was interrupted while the size was 0. */
static int recall(struct wipe *w)
{
	_cleanup_err_ struct err *ignored = NULL;
	_cleanup_free_ char *noted = image_note(w->image, NOTE_WIPE);
	int r = rbd_get_size(w->image, &w->size_bytes);

	if (r < 0)
		return r;
	r = rbd_get_id(w->image, w->id, sizeof(w->id));
	if (r < 0)
		return r;
	if (noted && !w->size_bytes)
		value_u64(NOTE_WIPE, noted, 1, INT64_MAX, &w->size_bytes, &ignored);
	return 0;
}

/* The first change to one that was interrupted, where its size is not changed anyway. */
static int restore_size(struct wipe *w)
{
	uint64_t size = 0;
	int r = rbd_get_size(w->image, &size);

	return r || size == w->size_bytes ? r : rbd_resize(w->image, w->size_bytes);
}

static int on_resize(uint64_t done, uint64_t total, void *arg)
{
	return wipe_tell(arg, done, total);
}

static int on_objects(void *arg, uint64_t done, uint64_t total)
{
	return wipe_tell(arg, done, total);
}

/* Without librbd, which would have everybody told, and look at the image anew. */
static int note_size(struct wipe *w)
{
	char size[24];

	snprintf(size, sizeof(size), "%llu", (unsigned long long)w->size_bytes);
	return cls_note(w->ioctx->io, w->id, NOTE_WIPE, size);
}

static int trim_by_resize(struct wipe *w)
{
	int r = rbd_resize2(w->image, 0, true, on_resize, w);

	FAILPOINT("wipe.emptied");
	return r < 0 ? r : rbd_resize(w->image, w->size_bytes);
}

static int wipe_trim(struct wipe *w)
{
	int r = objects_removable(w->image);

	if (r <= 0)
		return r < 0 ? r : trim_by_resize(w);
	r = restore_size(w);
	return r < 0 ? r : objects_remove(w->ioctx, w->image, on_objects, w);
}

/* --- zero --- */

/* Requests under way, the oldest first. */
struct window {
	rbd_completion_t items[IN_FLIGHT];
	uint64_t bytes[IN_FLIGHT];
	size_t first, n;
};

/* Wait for the oldest. */
static int land(struct wipe *w, struct window *f)
{
	rbd_completion_t c = f->items[f->first];
	int r;

	rbd_aio_wait_for_complete(c);
	r = (int)rbd_aio_get_return_value(c);
	rbd_aio_release(c);
	if (r >= 0)
		w->landed_bytes += f->bytes[f->first];
	f->first = (f->first + 1) % IN_FLIGHT;
	f->n--;
	return r;
}

static int launch(struct wipe *w, struct window *f, uint64_t offset, uint64_t len)
{
	size_t slot = (f->first + f->n) % IN_FLIGHT;
	int r = rbd_aio_create_completion(NULL, NULL, &f->items[slot]);

	if (r < 0)
		return r;
	r = compat_zero(w->image, offset, len, f->items[slot]);
	if (r < 0) {
		rbd_aio_release(f->items[slot]);
		return r;
	}
	f->bytes[slot] = len;
	f->n++;
	return 0;
}

/* As much as one set of objects holds, so that each request is whole objects. */
static int piece_size(struct wipe *w, uint64_t *out)
{
	rbd_image_info_t info;
	uint64_t count = 1;
	int r = rbd_stat(w->image, &info, sizeof(info));

	if (!r)
		r = rbd_get_stripe_count(w->image, &count);
	*out = info.obj_size * count;
	if (!r && *out > PIECE_MAX)
		*out = PIECE_MAX;
	return r;
}

static int write_zeros(struct wipe *w)
{
	struct window f = {0};
	uint64_t piece;
	int r = piece_size(w, &piece), landed;

	for (uint64_t at = 0; !r && at < w->size_bytes; at += piece) {
		uint64_t left = w->size_bytes - at;

		r = f.n == IN_FLIGHT ? land(w, &f) : 0;
		if (r >= 0)
			r = launch(w, &f, at, left < piece ? left : piece);
		if (!r)
			r = wipe_tell(w, w->landed_bytes, w->size_bytes);
	}
	while (f.n) {
		landed = land(w, &f);
		r = r < 0 ? r : landed;
	}
	return r < 0 ? r : rbd_flush(w->image);
}

static int zero(struct wipe *w)
{
	int r = restore_size(w);

	return r < 0 ? r : write_zeros(w);
}

/* --- both --- */

/* What the image takes; that it cannot be known keeps nobody from wiping. */
static void wipe_measure(struct wipe *w, struct usage *out)
{
	if (image_usage_own(w->ioctx, w->image, out) < 0)
		*out = (struct usage){0};
}

/* Until it is done a note says that it is not. */
static int wipe(struct wipe *w)
{
	int r = recall(w);

	if (r < 0)
		return r;
	wipe_measure(w, w->options->before);
	r = note_size(w);
	FAILPOINT("wipe.noted");
	if (!r)
		r = w->options->algorithm == WIPE_TRIM ? wipe_trim(w) : zero(w);
	FAILPOINT("wipe.wiped");
	if (!r)
		r = cls_note_remove(w->ioctx->io, w->id, NOTE_WIPE);
	if (!r)
		wipe_measure(w, w->options->after);
	return r;
}

static bool has_no_object(struct ioctx *p, const char *id)
{
	_cleanup_object_map_ struct object_map map = {0};

	if (object_map_load(p->io, id, &map) < 0)
		return false;
	for (uint64_t i = 0; i < map.n; i++)
		if (object_map_has(&map, i))
			return false;
	return true;
}

static bool is_clone(struct ioctx *p, const char *id)
{
	_cleanup_free_ char *parent = NULL;
	uint64_t snap_id;
	int64_t pool_id;

	return cls_parent(p->io, id, &pool_id, &parent, &snap_id) != -ENOENT;
}

static bool is_noted(struct ioctx *p, const char *id)
{
	_cleanup_strlist_ struct strlist keys = {0};

	return cls_note_keys(p->io, id, "rbdvol.", &keys) < 0 || strlist_has(&keys, NOTE_WIPE);
}

static bool is_watched(struct ioctx *p, const struct spec *spec)
{
	_cleanup_watchers_ struct watchers w = {0};
	_cleanup_err_ struct err *ignored = NULL;

	return watchers_get(p, spec, &w, &ignored) < 0 || w.n;
}

/* There is nothing to be erased, and nobody who could write: known without opening the image, which
 * would take most of the round trips that there are. */
static bool is_blank(struct ioctx *p, const struct spec *spec)
{
	_cleanup_free_ char *id = NULL;
	struct image_version version;

	if (cls_image_id(p->io, spec->image, &id) < 0 ||
	    cls_image_version(p->io, spec->image, id, &version) < 0)
		return false;
	return version.features & RBD_FEATURE_OBJECT_MAP && !version.head.flags &&
	       !version.newest_snap && !is_clone(p, id) && !is_noted(p, id) &&
	       !is_watched(p, spec) && has_no_object(p, id);
}

static int wipe_refuse(struct ioctx *p, struct wipe *w, struct err **e)
{
	int r = watchers_refuse(p, w->image, w->name, deadline_in(WATCHERS_PATIENCE_US), e);

	if (r < 0 || w->options->despite_snapshots)
		return r;
	r = image_refuse_snapshots(p, w->image, w->name, e);
	return r < 0 ? err_wrap(e, "they would keep the data") : 0;
}

/* Open for writing, which others see from now on; and nobody else has it so. */
static int open_alone(struct ioctx *p, const struct spec *spec, struct wipe *w, struct err **e)
{
	int r;

	compat_zero_prepare(p->session->rados);
	r = image_open(p, spec, NULL, IMAGE_WRITE, &w->image, e);
	return r < 0 ? r : wipe_refuse(p, w, e);
}

/* What was done before it failed is said, since nobody can take it back. */
static int wipe_fail(struct ioctx *p, const struct spec *spec, struct wipe *w, int r,
		     struct err **e)
{
	double percent = w->total ? 100.0 * (double)w->done / (double)w->total : 0;

	image_fail(p, CALL_WIPE, spec->image, 0, r, e, "wipe '%s' (%.0f %% done)", w->name,
		   percent);
	if (r == -ECANCELED)
		err_hint(e, "what is erased is erased; the same command completes it");
	return r;
}

int image_wipe(struct cluster *c, const struct spec *spec, const struct wipe_options *options,
	       struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *name = spec_format(spec);
	struct wipe w = {.options = options, .ioctx = &p, .name = name};
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	if (r < 0)
		return r;
	if (options->algorithm == WIPE_TRIM && is_blank(&p, spec)) {
		*options->before = *options->after = (struct usage){.known = true};
		return 0;
	}
	r = open_alone(&p, spec, &w, e);
	if (!r) {
		r = wipe(&w);
		if (r < 0)
			wipe_fail(&p, spec, &w, r, e);
	}
	if (w.image)
		image_close(w.image);
	return r < 0 ? r : 0;
}
