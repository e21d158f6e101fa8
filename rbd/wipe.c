/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trim is a resize to 0 and back. librbd removes the objects many at a time, by the object map
 * where there is one; and where the image is a clone its overlap with the parent becomes 0, so that
 * nothing of the parent shows. (A discard of a clone's range would make empty objects instead, to
 * hide those of the parent.) The size is noted first, for one who has to complete it. */
#include "rbd/wipe.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/value.h"
#include "rbd/image-internal.h"

#define IN_FLIGHT 32 /* requests of zeros; each carries a block at most */
#define PIECE_MAX (UINT64_C(1) << 26)

struct wipe {
	const struct wipe_options *options;
	rbd_image_t image;
	const char *name;
	uint64_t size_bytes;
	uint64_t landed_bytes; /* of the zeros */
	uint64_t done, total;  /* of no certain unit */
};

static int tell(struct wipe *w, uint64_t done, uint64_t total)
{
	w->done = done;
	w->total = total;
	return w->options->tell && total ? w->options->tell(w->options->arg, done, total) : 0;
}

/* --- trim --- */

/* What is noted where an earlier trim was cut short while the size was 0. */
static int recall_size(struct wipe *w)
{
	_cleanup_err_ struct err *ignored = NULL;
	_cleanup_free_ char *noted = NULL;
	int r = rbd_get_size(w->image, &w->size_bytes);

	if (r < 0 || w->size_bytes)
		return r;
	noted = image_note(w->image, NOTE_WIPE);
	if (noted)
		value_u64(NOTE_WIPE, noted, 1, INT64_MAX, &w->size_bytes, &ignored);
	return 0;
}

static int on_resize(uint64_t done, uint64_t total, void *arg)
{
	return tell(arg, done, total);
}

static int note_size(struct wipe *w)
{
	char size[24];

	snprintf(size, sizeof(size), "%llu", (unsigned long long)w->size_bytes);
	return rbd_metadata_set(w->image, NOTE_WIPE, size);
}

static int forget_size(struct wipe *w)
{
	int r = rbd_metadata_remove(w->image, NOTE_WIPE);

	return r == -ENOENT ? 0 : r;
}

static int trim(struct wipe *w)
{
	int r = rbd_resize2(w->image, 0, true, on_resize, w);

	FAILPOINT("wipe.emptied");
	return r < 0 ? r : rbd_resize(w->image, w->size_bytes);
}

/* --- zero --- */

/* Requests under way, the oldest first. */
struct flight {
	rbd_completion_t items[IN_FLIGHT];
	uint64_t bytes[IN_FLIGHT];
	size_t first, n;
};

/* Wait for the oldest. */
static int land(struct wipe *w, struct flight *f)
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

static int launch(struct wipe *w, struct flight *f, uint64_t offset, uint64_t len)
{
	size_t slot = (f->first + f->n) % IN_FLIGHT;
	int r = rbd_aio_create_completion(NULL, NULL, &f->items[slot]);

	if (r < 0)
		return r;
	r = rbd_aio_write_zeroes(w->image, offset, len, f->items[slot],
				 RBD_WRITE_ZEROES_FLAG_THICK_PROVISION, 0);
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
	struct flight f = {0};
	uint64_t piece;
	int r = piece_size(w, &piece), landed;

	for (uint64_t at = 0; !r && at < w->size_bytes; at += piece) {
		uint64_t left = w->size_bytes - at;

		r = f.n == IN_FLIGHT ? land(w, &f) : 0;
		if (r >= 0)
			r = launch(w, &f, at, left < piece ? left : piece);
		if (!r)
			r = tell(w, w->landed_bytes, w->size_bytes);
	}
	while (f.n) {
		landed = land(w, &f);
		r = r < 0 ? r : landed;
	}
	return r < 0 ? r : rbd_flush(w->image);
}

static int zero(struct wipe *w)
{
	uint64_t size = 0;
	int r = rbd_get_size(w->image, &size);

	/* A trim that was cut short is completed first, as far as the size goes. */
	if (!r && size != w->size_bytes)
		r = rbd_resize(w->image, w->size_bytes);
	return r < 0 ? r : write_zeros(w);
}

/* --- both --- */

/* Until it is done a note says that it is not. */
static int wipe(struct wipe *w)
{
	int r = recall_size(w);

	if (!r && w->options->before)
		r = image_usage_own(w->image, w->options->before);
	if (!r)
		r = note_size(w);
	FAILPOINT("wipe.noted");
	if (!r)
		r = w->options->algorithm == WIPE_TRIM ? trim(w) : zero(w);
	FAILPOINT("wipe.wiped");
	if (!r)
		r = forget_size(w);
	return r < 0 || !w->options->after ? r : image_usage_own(w->image, w->options->after);
}

static int refuse(struct place *p, struct wipe *w, struct err **e)
{
	int r = image_refuse_watchers(p, w->image, w->name, e);

	if (r < 0 || w->options->despite_snapshots)
		return r;
	r = image_refuse_snapshots(p, w->image, w->name, e);
	return r < 0 ? err_wrap(e, "they would keep the data") : 0;
}

/* Open for writing, which others see from now on; and nobody else has it so. */
static int open_alone(struct place *p, const struct spec *spec, struct wipe *w, struct err **e)
{
	int r = rbd_open(p->io, spec->image, &w->image, NULL);

	if (r < 0)
		w->image = NULL;
	if (r == -ENOENT)
		return place_missing(p, spec, e);
	if (r < 0)
		return session_fail(p->session, r, e, "open image '%s'", w->name);
	return refuse(p, w, e);
}

/* What was done before it failed is said, since nobody can take it back. */
static int fail(struct place *p, struct wipe *w, int r, struct err **e)
{
	double percent = w->total ? 100.0 * (double)w->done / (double)w->total : 0;

	session_fail(p->session, r, e, "wipe '%s' (%.0f %% done)", w->name, percent);
	if (r == -ECANCELED)
		err_hint(e, "what is erased is erased; the same command goes on");
	return r;
}

int image_wipe(struct cluster *c, const struct spec *spec, const struct wipe_options *options,
	       struct err **e)
{
	_cleanup_place_ struct place p = {0};
	_cleanup_free_ char *name = spec_format(spec);
	struct wipe w = {.options = options, .name = name};
	int r = place_open(c, spec->pool, spec->ns, &p, e);

	if (r < 0)
		return r;
	r = open_alone(&p, spec, &w, e);
	if (!r) {
		r = wipe(&w);
		if (r < 0)
			fail(&p, &w, r, e);
	}
	if (w.image)
		rbd_close(w.image);
	return r < 0 ? r : 0;
}
