/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* librbd spends more on each object than the OSD does, and without an object map it tries to remove
 * each object that there could be, a million for 4 TiB, be the image empty. Here it is the object
 * map that tells which there are, or the pool's list, unless so much else is in the pool that to
 * try is cheaper. An object map is changed when they are gone: at any moment it has all that exist.
 */
#include "rbd/wipe-objects.h"
#include "rbd/image.h"

#include <errno.h>
#include <rbd/features.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/window.h"
#include "rbd/object-map.h"

/* Objects listed in the time in which one is tried. */
#define LISTED_FOR_TRIED 4

/* What has its data elsewhere, too, or is told of each change. */
#define KEPT_BY_LIBRBD                                                                             \
	(RBD_FEATURE_JOURNALING | RBD_FEATURE_MIGRATING | RBD_FEATURE_NON_PRIMARY |                \
	 RBD_FEATURE_DIRTY_CACHE)

struct removal {
	struct window window; /* the first field: it leads back here */
	struct ioctx data;    /* where the objects are */
	rbd_image_info_t info;
	uint64_t in_pool; /* about; 0: not known */
	int (*tell)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};

int objects_removable(rbd_image_t image)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	_cleanup_link_ struct link link = {0};
	uint64_t features, flags;
	int r = rbd_get_features(image, &features);

	if (!r)
		r = rbd_get_flags(image, &flags);
	if (r < 0 || features & KEPT_BY_LIBRBD || flags)
		return r < 0 ? r : 0;
	r = image_link(image, &link);
	if (r)
		return r < 0 ? r : 0;
	r = snapshots_list(image, &snaps);
	return r < 0 ? r : !snaps.n;
}

static int landed(struct window *f, size_t slot, int result)
{
	(void)f, (void)slot;
	return result == -ENOENT ? 0 : result;
}

static int remove_object(struct removal *m, const char *name)
{
	size_t slot;
	int r = window_next(&m->window, &slot);

	if (r < 0)
		return r;
	return window_begun(&m->window, slot,
			    rados_aio_remove(m->data.io, name, m->window.items[slot]));
}

static int removal_tell(struct removal *m, uint64_t done, uint64_t total)
{
	return m->tell ? m->tell(m->arg, done, total) : 0;
}

static int remove_listed(struct removal *m)
{
	size_t len = strlen(m->info.block_name_prefix);
	rados_list_ctx_t list;
	const char *name;
	int r = rados_nobjects_list_open(m->data.io, &list);

	if (r < 0)
		return r;
	for (uint64_t seen = 1; !r; seen++) {
		r = rados_nobjects_list_next(list, &name, NULL, NULL);
		if (!r && !strncmp(name, m->info.block_name_prefix, len) && name[len] == '.')
			r = remove_object(m, name);
		if (!r)
			r = removal_tell(m, seen, seen < m->in_pool ? m->in_pool : seen + 1);
	}
	rados_nobjects_list_close(list);
	return r == -ENOENT ? 0 : r; /* the end of the list */
}

static int try_each(struct removal *m)
{
	char name[OBJECT_NAME_SIZE];
	int r = 0;

	for (uint64_t i = 0; !r && i < m->info.num_objs; i++) {
		object_name(&m->info, i, name);
		r = remove_object(m, name);
		if (!r)
			r = removal_tell(m, i, m->info.num_objs);
	}
	return r;
}

static int remove_mapped(struct removal *m, struct ioctx *p, const char *id)
{
	_cleanup_object_map_ struct object_map map = {0};
	char name[OBJECT_NAME_SIZE];
	int r = object_map_load(p->io, id, &map), ended;

	for (uint64_t i = 0; !r && i < map.n; i++) {
		if (!object_map_has(&map, i))
			continue;
		object_name(&m->info, i, name);
		r = remove_object(m, name);
		if (!r)
			r = removal_tell(m, i, map.n);
	}
	ended = window_end(&m->window);
	r = r < 0 ? r : ended;
	FAILPOINT("wipe.removed");
	return r < 0 ? r : object_map_clear(p->io, id, map.n);
}

static int remove_all(struct removal *m, struct ioctx *p, rbd_image_t image, uint64_t features)
{
	char id[256];
	int r = rbd_get_id(image, id, sizeof(id));

	if (!r && features & RBD_FEATURE_OBJECT_MAP)
		return remove_mapped(m, p, id);
	if (r)
		return r;
	return m->in_pool / LISTED_FOR_TRIED <= m->info.num_objs ? remove_listed(m) : try_each(m);
}

static int open_data(struct ioctx *p, rbd_image_t image, struct removal *m)
{
	struct rados_pool_stat_t stat;
	int r = rbd_stat(image, &m->info, sizeof(m->info));

	if (!r)
		r = ioctx_open_data(p, image, &m->data);
	if (!r && !rados_ioctx_pool_stat(m->data.io, &stat))
		m->in_pool = stat.num_objects;
	return r;
}

int objects_remove(struct ioctx *p, rbd_image_t image,
		   int (*progress)(void *arg, uint64_t done, uint64_t total), void *arg)
{
	struct removal m = {.window.landed = landed, .tell = progress, .arg = arg};
	uint64_t features;
	int r = rbd_get_features(image, &features), ended;

	/* Nobody else may take the lock meanwhile. */
	if (!r && features & RBD_FEATURE_EXCLUSIVE_LOCK)
		r = rbd_lock_acquire(image, RBD_LOCK_MODE_EXCLUSIVE);
	if (!r)
		r = open_data(p, image, &m);
	if (!r)
		r = remove_all(&m, p, image, features);
	ended = window_end(&m.window);
	ioctx_deinit(&m.data);
	return r < 0 ? r : ended;
}
