/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/image.h"
#include "base/str.h"
#include "ceph/close.h"
#include "rbd/conf.h"
#include "rbd/feature-bits.h"
#include "rbd/note.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "rbd/errors.h"
#include "rbd/watchers.h"

int snapshots_list(rbd_image_t image, struct snapshots *out)
{
	int room = 64;

	for (;;) {
		rbd_snap_info_t *items = calloc((size_t)room, sizeof(*items));
		int n = items ? rbd_snap_list(image, items, &room) : -ENOMEM;

		if (n >= 0) {
			*out = (struct snapshots){items, n};
			return 0;
		}
		free(items);
		if (n != -ERANGE)
			return n;
		room++; /* it wants room for one more than it says */
	}
}

void snapshots_deinit(struct snapshots *s)
{
	if (s->items)
		rbd_snap_list_end(s->items);
	free(s->items);
	*s = (struct snapshots){0};
}

bool snapshot_is_user(rbd_image_t image, uint64_t snap_id)
{
	rbd_snap_namespace_type_t type;

	return !rbd_snap_get_namespace_type(image, snap_id, &type) &&
	       type == RBD_SNAP_NAMESPACE_TYPE_USER;
}

int image_link(rbd_image_t image, struct link *out)
{
	int r;

	*out = (struct link){0};
	r = rbd_get_parent(image, &out->image, &out->snap);
	if (r == -ENOENT)
		*out = (struct link){0};
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

void link_deinit(struct link *l)
{
	if (l->image.image_id) {
		rbd_linked_image_spec_cleanup(&l->image);
		rbd_snap_spec_cleanup(&l->snap);
	}
	*l = (struct link){0};
}

int image_has_header(struct ioctx *p, const char *id)
{
	_cleanup_free_ char *object = NULL;
	uint64_t size;
	time_t when;
	int r;

	if (str_printf(&object, "rbd_header.%s", id) < 0)
		return -ENOMEM;
	r = rados_stat(p->io, object, &size, &when);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

char *image_note(rbd_image_t image, const char *key)
{
	char value[4096];
	size_t len = sizeof(value);

	return rbd_metadata_get(image, key, value, &len) < 0 ? NULL : strndup(value, len);
}

int image_layout(struct ioctx *p, rbd_image_t image, struct image_info *out)
{
	char id[256] = "", pool[256];
	rbd_image_info_t info;
	struct timespec created = {0};
	int64_t data_pool;
	uint8_t old = 0;
	int r = rbd_stat(image, &info, sizeof(info));

	if (!r)
		r = rbd_get_old_format(image, &old);
	if (!r && !old)
		r = rbd_get_id(image, id, sizeof(id));
	if (!r)
		r = rbd_get_features(image, &out->features);
	if (!r)
		r = rbd_get_stripe_unit(image, &out->stripe_unit_bytes);
	if (!r)
		r = rbd_get_stripe_count(image, &out->stripe_count);
	if (r < 0)
		return r;
	if (!rbd_get_create_timestamp(image, &created))
		out->created = created.tv_sec;
	out->pool_id = p->pool_id;
	out->size_bytes = info.size;
	out->object_size_bytes = info.obj_size;
	data_pool = rbd_get_data_pool_id(image);
	if (data_pool >= 0 && data_pool != p->pool_id &&
	    rados_pool_reverse_lookup(p->session->rados, data_pool, pool, sizeof(pool)) >= 0) {
		out->data_pool = strdup(pool);
		if (!out->data_pool)
			return -ENOMEM;
	}
	out->id = strdup(id);
	return out->id ? 0 : -ENOMEM;
}

void object_name(const rbd_image_info_t *info, uint64_t object, char out[static OBJECT_NAME_SIZE])
{
	snprintf(out, OBJECT_NAME_SIZE, "%s.%016llx", info->block_name_prefix,
		 (unsigned long long)object);
}

int ioctx_open_data(struct ioctx *p, rbd_image_t image, struct ioctx *out)
{
	char ns[256] = "";
	int r = rados_ioctx_get_namespace(p->io, ns, sizeof(ns));

	*out = (struct ioctx){0};
	return r < 0 ? r : ioctx_open_id(p->session, rbd_get_data_pool_id(image), ns, out);
}

static int fill_parent(rbd_image_t image, struct image_info *out)
{
	_cleanup_link_ struct link link = {0};
	int r = image_link(image, &link);

	if (r <= 0)
		return r;
	out->parent_in_trash = link.image.trash;
	r = rbd_get_overlap(image, &out->overlap_bytes);
	if (r < 0)
		return r;
	return spec_init(&out->parent, link.image.pool_name, link.image.pool_namespace,
			 *link.image.image_name ? link.image.image_name : link.image.image_id,
			 link.snap.name);
}

static int fill_snapshots(rbd_image_t image, const char *snap, struct image_info *out)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	int r = snapshots_list(image, &snaps);

	if (r < 0)
		return r;
	out->snap_id = SNAP_HEAD;
	for (int i = 0; i < snaps.n; i++) {
		if (!snapshot_is_user(image, snaps.items[i].id))
			continue;
		out->snapshots++;
		if (snap && !strcmp(snaps.items[i].name, snap))
			out->snap_id = snaps.items[i].id;
	}
	return snap && out->snap_id == SNAP_HEAD ? -ENOENT : 0;
}

/* What its snapshots have is not wiped. */
static bool is_wiping(rbd_image_t image, const struct spec *spec)
{
	_cleanup_free_ char *noted = spec->snap ? NULL : image_note(image, NOTE_WIPE);

	return noted;
}

int image_open_fail(struct ioctx *p, const struct spec *spec, int r, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);

	return image_fail_or_missing(p, CALL_OPEN, spec, r, e, "open image '%s'", name);
}

int image_open(struct ioctx *p, const struct spec *spec, const char *snap, enum image_open how,
	       rbd_image_t *out, struct err **e)
{
	int r = image_open_at(p, spec->image, snap, how, out);

	return r < 0 ? image_open_fail(p, spec, r, e) : 0;
}

static int get_info(struct cluster *c, const struct spec *spec, struct image_info *out,
		    struct err **e)
{
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *name = spec_format(spec);
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	if (r < 0)
		return r;
	r = image_open(&p, spec, spec->snap, IMAGE_READ, &image, e);
	if (r < 0)
		return r;
	r = image_layout(&p, image, &info);
	if (!r)
		r = fill_snapshots(image, spec->snap, &info);
	if (!r)
		r = fill_parent(image, &info);
	if (r < 0)
		return image_fail_or_missing(&p, CALL_LOOK, spec, r, e, "look at image '%s'", name);
	info.from = image_note(image, NOTE_FROM);
	info.wiping = is_wiping(image, spec);
	info.rolling_back = spec->snap ? NULL : image_note(image, NOTE_ROLLBACK);
	watchers_keep(&p, info.id, steal(&image));
	*out = info;
	info = (struct image_info){0};
	return 0;
}

int image_info(struct cluster *c, const struct spec *spec, struct image_info *out, struct err **e)
{
	int r;

	*out = (struct image_info){0};
	r = get_info(c, spec, out, e);
	if (r != -ESTALE)
		return r;
	err_free(steal(e)); /* another pool has the name: look there */
	return get_info(c, spec, out, e);
}

void image_info_deinit(struct image_info *i)
{
	free(i->id);
	free(i->data_pool);
	free(i->from);
	free(i->rolling_back);
	spec_deinit(&i->parent);
	*i = (struct image_info){0};
}

static int fail_create(struct ioctx *p, const struct spec *spec, const char *name,
		       uint64_t size_bytes, int r, struct err **e)
{
	rbd_image_t image = NULL;

	if (r != -EEXIST)
		return image_fail(p, CALL_CREATE, spec->image, size_bytes, r, e,
				  "create image '%s'", name);
	if (image_open_at(p, spec->image, NULL, IMAGE_READ, &image) == -ENOENT)
		return ioctx_taken(spec, e);
	if (image)
		image_close_later(image);
	return err_set(e, ERR_EXISTS, r, "image '%s' exists already", name);
}

/* Of the features that librbd takes from the configuration. */
static int find_dropped(struct ioctx *p, uint64_t allowed, uint64_t *out)
{
	_cleanup_free_ char *defaults = NULL;
	int r = ioctx_conf(p, "rbd_default_features", &defaults);

	*out = defaults ? features_parse(defaults) & ~allowed : 0;
	return r;
}

int image_create(struct cluster *c, const struct spec *spec, uint64_t size_bytes,
		 uint64_t features_allowed, uint64_t *features_dropped, struct err **e)
{
	const uint64_t allowed = features_consistent(features_allowed);
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *name = spec_format(spec);
	rbd_image_options_t options;
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	if (r < 0)
		return r;
	r = ioctx_check_namespace(&p, spec, e);
	if (r < 0)
		return r;
	/* What is not set here librbd takes from the configuration, the pool's own included. */
	rbd_image_options_create(&options);
	rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_FORMAT, 2);
	rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_FEATURES_CLEAR,
				     RBD_FEATURES_ALL & ~allowed);
	r = find_dropped(&p, allowed, features_dropped);
	if (!r)
		r = rbd_create4(p.io, spec->image, size_bytes, options);
	FAILPOINT("create.created");
	rbd_image_options_destroy(options);
	return r < 0 ? fail_create(&p, spec, name, size_bytes, r, e) : 0;
}
