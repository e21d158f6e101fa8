/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges that exist, from the image to its oldest ancestor; each adds what those before it lack. */
#include "rbd/usage.h"
#include "ceph/close.h"
#include "ceph/cluster.h"
#include "rbd/image.h"

#include <errno.h>
#include <rbd/features.h>
#include <string.h>

#include "ceph/compat.h"
#include "rbd/object-map.h"
#include "rbd/stored.h"

#define ANCESTORS_MAX 16    /* as many as the kernel's driver takes */
#define STORED_MAX    50000 /* objects that are asked for their sizes in some seconds */
#define CHECKED	      256   /* objects that are asked for between two checks */

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

static int ranges_append(struct ranges *r, uint64_t start, uint64_t end)
{
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

static int ranges_add(struct ranges *r, uint64_t start, uint64_t end)
{
	struct range *last = r->n ? &r->items[r->n - 1] : NULL;

	if (start >= end)
		return 0;
	if (!last || start > last->end)
		return ranges_append(r, start, end);
	last->end = end > last->end ? end : last->end;
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

/* librbd tells of one set of striped objects after the other, of those in it in the order of the
 * objects or of the bytes, and may tell of several at once. */
struct walk {
	struct ranges *out;
	uint64_t objects;
	uint64_t unit_bytes, count, set_bytes; /* the layout */
	uint64_t set;			       /* told of last; UINT64_MAX: none */
	struct ranges of_set;		       /* not in order yet */
	bool *exists;			       /* of the set, each of its COUNT objects */
	const struct check *go_on;
	uint64_t told; /* how often librbd told of something */
	int error;
};

static void walk_deinit(struct walk *w)
{
	ranges_deinit(&w->of_set);
	free(w->exists);
}
#define _cleanup_walk_ cleanup(walk_deinit)

static int walk_begin(struct walk *w, rbd_image_t image)
{
	rbd_image_info_t info;
	int r = rbd_stat(image, &info, sizeof(info));

	if (r < 0)
		return r;
	r = rbd_get_stripe_unit(image, &w->unit_bytes);
	if (r < 0)
		return r;
	r = rbd_get_stripe_count(image, &w->count);
	if (r < 0)
		return r;
	w->set_bytes = info.obj_size * w->count;
	w->set = UINT64_MAX;
	w->exists = calloc(w->count, sizeof(*w->exists));
	return w->exists ? 0 : -ENOMEM;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int end_set(struct walk *w)
{
	struct ranges *s = &w->of_set;
	int r = 0;

	if (s->n)
		qsort(s->items, s->n, sizeof(*s->items), by_start);
	for (size_t i = 0; !r && i < s->n; i++)
		r = ranges_add(w->out, s->items[i].start, s->items[i].end);
	s->n = 0;
	for (uint64_t i = 0; i < w->count; i++) {
		w->objects += w->exists[i];
		w->exists[i] = false;
	}
	return r;
}

/* A part of one set. */
static int add_part(struct walk *w, uint64_t start, uint64_t end)
{
	uint64_t first = start / w->unit_bytes, last = (end - 1) / w->unit_bytes;
	int r = 0;

	if (start / w->set_bytes != w->set)
		r = end_set(w);
	w->set = start / w->set_bytes;
	for (uint64_t i = first; i <= last && i < first + w->count; i++)
		w->exists[i % w->count] = true;
	return r < 0 ? r : ranges_append(&w->of_set, start, end);
}

static int add_extent(uint64_t offset, size_t len, int exists, void *arg)
{
	struct walk *w = arg;
	uint64_t end = offset + len;

	if (++w->told % CHECKED == 0)
		w->error = check_now(w->go_on);
	for (uint64_t at = offset, next; exists && !w->error && at < end; at = next) {
		next = (at / w->set_bytes + 1) * w->set_bytes;
		next = next < end ? next : end;
		w->error = add_part(w, at, next);
	}
	return w->error;
}

int image_has_map(rbd_image_t image)
{
	uint64_t features, flags;
	int r = rbd_get_features(image, &features);

	if (r < 0)
		return r;
	r = rbd_get_flags(image, &flags);
	if (r < 0)
		return r;
	return (features & RBD_FEATURE_FAST_DIFF) &&
	       !(flags & (RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID));
}

/* librbd tells of nothing, and cannot be stopped, while it asks for objects that are not there. So
 * it is asked for a few sets at a time where there may be many of these. */
static uint64_t checked_bytes(const struct walk *w)
{
	uint64_t sets = w->count < CHECKED ? CHECKED / w->count : 1;

	return sets * w->set_bytes;
}

static int walk_through(struct walk *w, rbd_image_t image, uint64_t length, uint64_t piece)
{
	int r = 0;

	for (uint64_t at = 0; !r && at < length; at += piece) {
		uint64_t left = length - at;

		r = check_now(w->go_on);
		if (!r)
			r = compat_diff(image, NULL, at, left < piece ? left : piece, add_extent,
					w);
		if (w->error)
			r = w->error;
	}
	return r;
}

/* 1: *out has what exists of an open image below LENGTH; 0: it would be slow to know. */
static int existing(rbd_image_t image, uint64_t length, bool slow, struct walk *w)
{
	int map = image_has_map(image), r;

	if (map < 0 || (!map && !slow))
		return map;
	if (!length)
		return 1;
	r = walk_begin(w, image);
	if (!r)
		r = walk_through(w, image, length, map ? length : checked_bytes(w));
	if (!r)
		r = end_set(w);
	return r < 0 ? r : 1;
}

/* Open the parent at LINK. Negative where that cannot be: no right to, in the trash, gone. */
static int open_parent(struct session *s, const struct link *link, struct ioctx *p,
		       rbd_image_t *out)
{
	int r = ioctx_open_id(s, link->image.pool_id, link->image.pool_namespace, p);

	if (r < 0)
		return r;
	r = image_open_at(p, link->image.image_id, NULL, IMAGE_ID_READ, out);
	if (r < 0)
		return r;
	return rbd_snap_set_by_id(*out, link->snap.id);
}

/* Add to COVERED what the parent of IMAGE has of the first *LIMIT bytes, and hand the parent on. 1:
 * done; 0: there is no parent; PART_UNKNOWN: nobody can tell. */
#define PART_UNKNOWN 2

static int cover_by_parent(struct session *s, struct ioctx *p, rbd_image_t *image, uint64_t *limit,
			   bool slow, const struct check *go_on, struct ranges *covered)
{
	cleanup(ranges_deinit) struct ranges of_parent = {0}, both = {0};
	_cleanup_link_ struct link link = {0};
	_cleanup_ioctx_ struct ioctx at = {0};
	_cleanup_image_ rbd_image_t parent = NULL;
	_cleanup_walk_ struct walk w = {.out = &of_parent, .go_on = go_on};
	uint64_t overlap;
	int r = image_link(*image, &link);

	if (r <= 0)
		return r;
	r = rbd_get_overlap(*image, &overlap);
	if (r < 0)
		return r;
	*limit = overlap < *limit ? overlap : *limit;
	if (open_parent(s, &link, &at, &parent) < 0)
		return PART_UNKNOWN;
	r = existing(parent, *limit, slow, &w);
	if (r <= 0)
		return r < 0 ? r : PART_UNKNOWN;
	for (size_t i = 0; i < of_parent.n; i++) /* a last object may reach beyond the overlap */
		if (of_parent.items[i].end > *limit)
			of_parent.items[i].end = *limit;
	if (ranges_join(covered, &of_parent, &both) < 0)
		return -ENOMEM;
	ranges_deinit(covered);
	*covered = both;
	both = (struct ranges){0};
	image_close_later(*image);
	*image = steal(&parent);
	ioctx_deinit(p);
	*p = at;
	at = (struct ioctx){0};
	return 1;
}

/* Striped objects are left out: the ranges do not tell which they are. */
static int usage_measure(struct ioctx *p, rbd_image_t image, const struct ranges *own,
			 const struct check *go_on, struct usage *out)
{
	struct stored *s;
	int r = stored_begin(p, image, &s), ended;

	if (r < 0 || !s)
		return r;
	for (size_t i = 0; !r && i < own->n; i++)
		r = stored_add(s, own->items[i].start, own->items[i].end, go_on);
	ended = stored_end(s, &out->stored_bytes);
	out->stored_known = !r && !ended;
	return r < 0 ? r : ended;
}

/* IMAGE and P change hands: they are those of the oldest ancestor that was looked at. */
static int usage_fill(struct ioctx *p, rbd_image_t *image, unsigned want, const struct check *go_on,
		      struct usage *out)
{
	cleanup(ranges_deinit) struct ranges covered = {0};
	_cleanup_walk_ struct walk w = {.out = &covered, .go_on = go_on};
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
	out->stored_left_out = (want & USAGE_STORED) && !slow && w.objects > STORED_MAX;
	if ((want & USAGE_STORED) && !out->stored_left_out)
		r = usage_measure(p, *image, &covered, go_on, out);
	if (r < 0)
		return r;
	r = 1;
	for (unsigned i = 0; r == 1 && limit && i < ANCESTORS_MAX; i++)
		r = cover_by_parent(s, p, image, &limit, slow, go_on, &covered);
	out->shared_known = r == 0 || r == 1;
	if (out->shared_known)
		out->shared_bytes = ranges_bytes(&covered) - out->used_bytes;
	return r;
}

static int add_changed(uint64_t offset, size_t len, int exists, void *arg)
{
	(void)offset;
	*(uint64_t *)arg += exists ? len : 0;
	return 0;
}

int image_changed_bytes(rbd_image_t image, const char *since, uint64_t *out)
{
	uint64_t size_bytes;
	int r = rbd_get_size(image, &size_bytes);

	*out = 0;
	return r || !size_bytes ? r : compat_diff(image, since, 0, size_bytes, add_changed, out);
}

int image_usage_own(struct ioctx *p, rbd_image_t image, struct usage *out)
{
	_cleanup_object_map_ struct object_map map = {0};
	rbd_image_info_t info;
	char id[256];
	uint64_t bytes;
	int r = image_has_map(image);

	*out = (struct usage){0};
	if (r <= 0)
		return r;
	r = rbd_stat(image, &info, sizeof(info));
	if (!r)
		r = rbd_get_id(image, id, sizeof(id));
	if (!r)
		r = object_map_load(p->io, id, &map);
	if (r < 0)
		return r;
	for (uint64_t i = 0; i < map.n; i++)
		out->objects += object_map_has(&map, i);
	bytes = out->objects * info.obj_size;
	out->used_bytes = bytes < info.size ? bytes : info.size;
	out->known = true;
	return 0;
}

int image_usage(struct cluster *c, const struct spec *spec, unsigned want,
		const struct check *go_on, struct usage *out, struct err **e)
{
	_cleanup_session_ struct session *session = NULL;
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *name = spec_format(spec);
	int r = cluster_session(c, &session, e);

	*out = (struct usage){0};
	if (r < 0)
		return r;
	r = ioctx_open_in(session, spec->pool, spec->ns, &p, e);
	if (r < 0)
		return r;
	r = image_open(&p, spec, spec->snap, IMAGE_READ, &image, e);
	if (r < 0)
		return r;
	r = usage_fill(&p, &image, want, go_on, out);
	if (r < 0 && check_now(go_on) == r)
		return check_fail(r, e, "ask how much of '%s' exists", name);
	if (r < 0)
		return session_fail(session, r, e, "ask how much of '%s' exists", name);
	return 0;
}
