/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/compare.h"
#include "rbd/image.h"

#include <errno.h>

#include "ceph/compat.h"
#include "ceph/window.h"

#define COMPARE_US     (2 * USEC_PER_SEC) /* taking a snapshot costs 0.4 to 0.8 s */
#define ABSENT_MAX     1024
#define OBJECTS_STEP   256  /* between two looks at the clock */
#define MAPPED_OBJECTS 1024 /* to begin with, where object maps tell */
#define MAPPED_GROWTH  16   /* multiplied by this with each step */

static int note_difference(uint64_t offset, size_t length, int exists, void *found)
{
	(void)offset, (void)length, (void)exists;
	*(bool *)found = true;
	return -ECANCELED; /* stop: one is enough. It comes back as the result; no failure */
}

/* 1: image and snapshot differ there; 0: they do not; or negative. */
static int compare_part(rbd_image_t image, const char *snap, uint64_t at, uint64_t length)
{
	bool differ = false;
	int r = compat_diff(image, snap, at, length, note_difference, &differ);

	if (differ)
		return 1;
	return r < 0 ? r : 0;
}

/* How many times longer than the parts before it the next one may take: LENGTH was the last one's.
 */
static uint64_t growth(uint64_t length, uint64_t rest)
{
	return rest / length < MAPPED_GROWTH ? rest / length + 1 : MAPPED_GROWTH;
}

/* Nearly all time goes into loading the maps, for each part, however large. So the parts grow, and
 * the time of the next one is estimated as if it took its share: that ends it where librbd cannot
 * use the maps after all. */
int compare_maps(rbd_image_t image, const char *snap, struct deadline deadline)
{
	struct deadline end = deadline_earlier(deadline_in(COMPARE_US), deadline);
	uint64_t began = clock_now_us(), length, stripes;
	rbd_image_info_t info;
	int r = rbd_stat(image, &info, sizeof(info));

	if (r < 0)
		return r;
	r = rbd_get_stripe_count(image, &stripes);
	if (r < 0)
		return r;
	length = MAPPED_OBJECTS * info.obj_size * stripes;
	for (uint64_t at = 0; at < info.size;) {
		uint64_t rest = info.size - at;

		r = compare_part(image, snap, at, length < rest ? length : rest);
		if (r || length >= rest)
			return r;
		at += length;
		rest -= length;
		if ((clock_now_us() - began) * growth(length, rest) > deadline_left_us(end))
			return 1;
		length *= MAPPED_GROWTH;
	}
	return 0;
}

/* Each object is asked for twice, at head and at the snapshot. An OSD answers with the version of
 * the last change of what it reads: where head was not changed since the snapshot, both are read
 * from the same object; a change gives head a version of its own, be it of the same bytes. */
struct comparison {
	struct window window; /* the first field: it leads back here */
	struct ioctx head, snap;
	const struct object_map *map; /* of the snapshot; NULL: none */
	rbd_image_info_t info;
	uint64_t sizes[WINDOW_MAX];
	time_t times[WINDOW_MAX];
	uint64_t object;  /* the next one to be answered for */
	uint64_t version; /* of head's object, the answer before; 0: none */
	bool differ;
};

static int comparison_init(struct comparison *c, struct ioctx *p, rbd_image_t image,
			   uint64_t snap_id, const struct object_map *map)
{
	int r = rbd_stat(image, &c->info, sizeof(c->info));

	c->map = map;
	if (!r)
		r = ioctx_open_data(p, image, &c->head);
	if (!r)
		r = ioctx_open_data(p, image, &c->snap);
	if (!r)
		rados_ioctx_snap_set_read(c->snap.io, snap_id);
	return r;
}

static void comparison_deinit(struct comparison *c)
{
	window_end(&c->window);
	ioctx_deinit(&c->snap);
	ioctx_deinit(&c->head);
}
#define _cleanup_comparison_ cleanup(comparison_deinit)

static bool is_absent(const struct comparison *c, uint64_t object)
{
	return c->map && object < c->map->n && !object_map_has(c->map, object);
}

_Static_assert(WINDOW_MAX % 2 == 0, "an object's two questions have an even slot and the next");

static int answered(struct window *f, size_t slot, int result)
{
	struct comparison *c = (struct comparison *)f;
	uint64_t version = result ? 0 : rados_aio_get_version(f->items[slot]);

	if (result < 0 && result != -ENOENT)
		return result;
	if (slot % 2 == 0)
		c->version = version;
	else if (c->version != version || (is_absent(c, c->object++) && version))
		c->differ = true;
	return 0;
}

/* Of an object that is called absent. */
static int answered_absent(struct window *f, size_t slot, int result)
{
	struct comparison *c = (struct comparison *)f;

	(void)slot;
	c->differ |= !result;
	return result == -ENOENT ? 0 : result;
}

static int comparison_ask(struct comparison *c, struct ioctx *where, uint64_t object)
{
	char name[OBJECT_NAME_SIZE];

	object_name(&c->info, object, name);
	return window_stat(&c->window, where->io, name, c->sizes, c->times);
}

static int ask_all(struct comparison *c, struct deadline deadline)
{
	struct deadline end = deadline_earlier(deadline_in(COMPARE_US), deadline);
	uint64_t began = clock_now_us();
	int r = 0;

	for (uint64_t i = 0; !r && i < c->info.num_objs && !c->differ; i++) {
		uint64_t took = i && i % OBJECTS_STEP == 0 ? clock_now_us() - began : 0;

		if (took && took * (c->info.num_objs - i) / i > deadline_left_us(end))
			return -ETIME;
		r = comparison_ask(c, &c->head, i);
		if (!r)
			r = comparison_ask(c, &c->snap, i);
	}
	return r;
}

/* The result of C's questions, of which R became. */
static int conclude(struct comparison *c, int r)
{
	int ended = window_end(&c->window);

	if (c->differ)
		return 1;
	return r < 0 ? r : ended;
}

int compare_objects(struct ioctx *p, rbd_image_t image, uint64_t snap_id,
		    const struct object_map *map, struct deadline deadline)
{
	_cleanup_comparison_ struct comparison c = {.window.landed = answered};
	int r = comparison_init(&c, p, image, snap_id, map);

	return r < 0 ? r : conclude(&c, ask_all(&c, deadline));
}

int compare_absent(struct ioctx *p, rbd_image_t image, uint64_t snap_id,
		   const struct object_map *map)
{
	_cleanup_comparison_ struct comparison c = {.window.landed = answered_absent};
	int r = comparison_init(&c, p, image, snap_id, map);
	uint64_t absent = 0;

	for (uint64_t i = 0; i < c.info.num_objs && absent <= ABSENT_MAX; i++)
		absent += is_absent(&c, i);
	if (absent > ABSENT_MAX)
		return -E2BIG;
	for (uint64_t i = 0; !r && i < c.info.num_objs && !c.differ; i++)
		r = is_absent(&c, i) ? comparison_ask(&c, &c.snap, i) : 0;
	return conclude(&c, r);
}
