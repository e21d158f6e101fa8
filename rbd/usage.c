/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges that exist, from the image to its oldest ancestor; each adds what those before it lack. */
#include "rbd/usage.h"

#include <errno.h>
#include <string.h>

#include "rbd/compat.h"
#include "rbd/image-internal.h"
#include "rbd/stored.h"

#define ANCESTORS_MAX 16 /* as many as the kernel's driver takes */

/* Ranges of bytes, ascending, none touching the next. */
struct range {
	uint64_t start, end;
};
struct ranges {
	struct range *items;
	size_t n, room;
};

static void ranges_deinit(struct ranges *r)
{
	free(r->items);
	*r = (struct ranges){0};
}

static int ranges_add(struct ranges *r, uint64_t start, uint64_t end)
{
	struct range *last = r->n ? &r->items[r->n - 1] : NULL;

	if (start >= end)
		return 0;
	if (last && start <= last->end) {
		last->end = end > last->end ? end : last->end;
		return 0;
	}
	if (r->n == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		struct range *grown = reallocarray(r->items, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		r->items = grown;
		r->room = room;
	}
	r->items[r->n++] = (struct range){start, end};
	return 0;
}

/* *out: what A and B cover together. */
static int ranges_join(const struct ranges *a, const struct ranges *b, struct ranges *out)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (!r && (i < a->n || j < b->n)) {
		bool from_a = j == b->n || (i < a->n && a->items[i].start <= b->items[j].start);
		const struct range *next = from_a ? &a->items[i++] : &b->items[j++];

		r = ranges_add(out, next->start, next->end);
	}
	return r;
}

static uint64_t ranges_bytes(const struct ranges *r)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < r->n; i++)
		bytes += r->items[i].end - r->items[i].start;
	return bytes;
}

struct walk {
	struct ranges *out;
	uint64_t objects;
	int error;
};

static int add_extent(uint64_t offset, size_t len, int exists, void *arg)
{
	struct walk *w = arg;

	w->objects += exists;
	w->error = exists ? ranges_add(w->out, offset, offset + len) : 0;
	return w->error;
}

/* 1: IMAGE's objects can be read off its object map; 0: only by asking for each. */
static int has_map(rbd_image_t image)
{
	uint64_t features, flags;
	int r = rbd_get_features(image, &features);

	if (!r)
		r = rbd_get_flags(image, &flags);
	if (r < 0)
		return r;
	return (features & RBD_FEATURE_FAST_DIFF) &&
	       !(flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID));
}

/* 1: *out has what exists of an open image below LENGTH; 0: it would be slow to know. */
static int existing(rbd_image_t image, uint64_t length, bool slow, struct walk *w)
{
	int r = slow ? 1 : has_map(image);

	if (r <= 0 || !length)
		return r;
	r = compat_diff(image, NULL, 0, length, add_extent, w);
	return w->error ? w->error : r < 0 ? r : 1;
}

/* Open the parent at LINK. Negative where that can't be: no right to, in the trash, gone. */
static int open_parent(struct session *s, const struct link *link, struct place *p,
		       rbd_image_t *out)
{
	int r = place_open_id(s, link->image.pool_id, link->image.pool_namespace, p);

	if (!r)
		r = rbd_open_by_id_read_only(p->io, link->image.image_id, out, NULL);
	if (r < 0) {
		*out = NULL;
		return r;
	}
	return rbd_snap_set_by_id(*out, link->snap.id);
}

/* Add to COVERED what the parent of IMAGE has of the first *LIMIT bytes, and hand the parent on. 1:
 * done; 0: no parent, or its part is not to be known. */
static int cover_by_parent(struct session *s, struct place *p, rbd_image_t *image, uint64_t *limit,
			   bool slow, struct ranges *covered)
{
	cleanup(ranges_deinit) struct ranges of_parent = {0}, both = {0};
	_cleanup_link_ struct link link = {0};
	_cleanup_place_ struct place at = {0};
	_cleanup_image_ rbd_image_t parent = NULL;
	struct walk w = {.out = &of_parent};
	uint64_t overlap;
	int r = image_link(*image, &link);

	if (r <= 0)
		return r;
	r = rbd_get_overlap(*image, &overlap);
	if (r < 0)
		return r;
	*limit = overlap < *limit ? overlap : *limit;
	if (open_parent(s, &link, &at, &parent) < 0)
		return 0;
	r = existing(parent, *limit, slow, &w);
	if (r <= 0)
		return r;
	for (size_t i = 0; i < of_parent.n; i++) /* a last object may reach beyond the overlap */
		if (of_parent.items[i].end > *limit)
			of_parent.items[i].end = *limit;
	if (ranges_join(covered, &of_parent, &both) < 0)
		return -ENOMEM;
	ranges_deinit(covered);
	*covered = both;
	both = (struct ranges){0};
	rbd_close(*image);
	*image = steal(&parent);
	place_deinit(p);
	*p = at;
	at = (struct place){0};
	return 1;
}

/* Striped objects are left out: the ranges don't tell which they are. */
static int measure(struct place *p, rbd_image_t image, const struct ranges *own, struct usage *out)
{
	struct stored *s;
	int r = stored_begin(p, image, &s), ended;

	if (r < 0 || !s)
		return r;
	for (size_t i = 0; !r && i < own->n; i++)
		r = stored_add(s, own->items[i].start, own->items[i].end);
	ended = stored_end(s, &out->stored_bytes);
	out->stored_known = !r && !ended;
	return r < 0 ? r : ended;
}

/* IMAGE and P change hands: they are those of the oldest ancestor that was looked at. */
static int fill(struct place *p, rbd_image_t *image, unsigned want, struct usage *out)
{
	cleanup(ranges_deinit) struct ranges covered = {0};
	struct walk w = {.out = &covered};
	struct session *s = p->session;
	bool slow = want & USAGE_SLOW;
	uint64_t limit = 0;
	int r = rbd_get_size(*image, &limit);

	if (!r)
		r = existing(*image, limit, slow, &w);
	if (r <= 0)
		return r;
	out->known = true;
	out->objects = w.objects;
	out->used_bytes = ranges_bytes(&covered);
	if (want & USAGE_STORED)
		r = measure(p, *image, &covered, out);
	if (r < 0)
		return r;
	r = 1;
	for (unsigned i = 0; r > 0 && limit && i < ANCESTORS_MAX; i++)
		r = cover_by_parent(s, p, image, &limit, slow, &covered);
	out->shared_known = true;
	out->shared_bytes = ranges_bytes(&covered) - out->used_bytes;
	return r;
}

int image_usage_own(rbd_image_t image, struct usage *out)
{
	cleanup(ranges_deinit) struct ranges own = {0};
	struct walk w = {.out = &own};
	uint64_t length = 0;
	int r = rbd_get_size(image, &length);

	*out = (struct usage){0};
	if (!r)
		r = existing(image, length, false, &w);
	if (r <= 0)
		return r;
	*out = (struct usage){
		.known = true, .objects = w.objects, .used_bytes = ranges_bytes(&own)};
	return 0;
}

int image_usage(struct cluster *c, const struct spec *spec, unsigned want, struct usage *out,
		struct err **e)
{
	_cleanup_session_ struct session *session = NULL;
	_cleanup_place_ struct place p = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *name = spec_format(spec);
	int r = cluster_session(c, &session, e);

	*out = (struct usage){0};
	if (r >= 0)
		r = place_open_in(session, spec->pool, spec->ns, &p, e);
	if (r < 0)
		return r;
	r = rbd_open_read_only(p.io, spec->image, &image, spec->snap);
	if (r < 0)
		image = NULL;
	if (!r)
		r = fill(&p, &image, want, out);
	if (r == -ENOENT && !image)
		return place_missing(&p, spec, e);
	if (r < 0)
		return session_fail(session, r, e, "ask how much of '%s' exists", name);
	return 0;
}
