/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/errors.h"
#include "base/str.h"
#include "ceph/close.h"
#include "rbd/conf.h"
#include "rbd/image.h"

#include <errno.h>
#include <rbd/features.h>
#include <string.h>

#define OBJECTS_MAX 256000000 /* what an object map can have */
#define SNAPS_LOOK  16

static const struct meaning {
	enum call call;
	int code;
	unsigned state;
	enum err_kind kind;
	const char *why, *hint;
} meanings[] = {
#define CALL_ERROR(call, code, state, kind, why, hint) {call, code, state, kind, why, hint},
#include "rbd/errors.def"
#undef CALL_ERROR
};

static bool is_secondary(rbd_image_t image)
{
	rbd_mirror_image_info_t mirror;
	bool secondary;

	if (rbd_mirror_image_get_info(image, &mirror, sizeof(mirror)) < 0)
		return false;
	secondary = mirror.state == RBD_MIRROR_IMAGE_ENABLED && !mirror.primary;
	rbd_mirror_image_get_info_cleanup(&mirror);
	return secondary;
}

static bool is_snap_limit(rbd_image_t image)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	uint64_t limit;

	return !rbd_snap_get_limit(image, &limit) && !snapshots_list(image, &snaps) &&
	       (uint64_t)snaps.n >= limit;
}

static bool is_too_large(struct ioctx *p, rbd_image_t image, uint64_t size_bytes)
{
	_cleanup_free_ char *order = NULL;
	rbd_image_info_t info = {0};

	if (image)
		rbd_stat(image, &info, sizeof(info));
	else if (!ioctx_conf(p, "rbd_default_order", &order) && order)
		info.obj_size = UINT64_C(1) << (strtoul(order, NULL, 10) & 31);
	return info.obj_size && size_bytes / info.obj_size >= OBJECTS_MAX;
}

static bool is_grouped(rbd_image_t image)
{
	rbd_group_info_t group = {0};
	bool grouped = rbd_get_group(image, &group, sizeof(group)) >= 0 && group.name;

	rbd_group_info_cleanup(&group, sizeof(group));
	return grouped;
}

static bool has_no_parent(rbd_image_t image)
{
	rbd_linked_image_spec_t parent;
	rbd_snap_spec_t snap;
	int r = rbd_get_parent(image, &parent, &snap);

	if (!r) {
		rbd_linked_image_spec_cleanup(&parent);
		rbd_snap_spec_cleanup(&snap);
	}
	return r == -ENOENT;
}

static unsigned image_state(rbd_image_t image)
{
	uint64_t features = 0;
	unsigned state = is_secondary(image) ? STATE_SECONDARY : 0;

	if (!rbd_get_features(image, &features)) {
		state |= features & RBD_FEATURE_MIGRATING ? STATE_MIGRATING : 0;
		state |= features & RBD_FEATURE_NON_PRIMARY ? STATE_SECONDARY : 0;
	}
	state |= is_grouped(image) ? STATE_GROUPED : 0;
	state |= has_no_parent(image) ? STATE_NO_PARENT : 0;
	return state | (is_snap_limit(image) ? STATE_SNAP_LIMIT : 0);
}

/* What cannot be seen any more counts as not so. */
static unsigned look_at_state(struct ioctx *p, const char *name, uint64_t size_bytes)
{
	_cleanup_image_ rbd_image_t image = NULL;
	rados_snap_t snaps[SNAPS_LOOK];
	unsigned state = 0;
	int n = rados_ioctx_snap_list(p->io, snaps, SNAPS_LOOK);

	if (name && !image_open_at(p, name, NULL, IMAGE_READ, &image))
		state = image_state(image);
	state |= n > 0 || n == -ERANGE ? STATE_POOL_SNAPS : 0;
	return state | (is_too_large(p, image, size_bytes) ? STATE_TOO_LARGE : 0);
}

static const struct meaning *find(struct ioctx *p, enum call call, const char *image,
				  uint64_t size_bytes, int r)
{
	unsigned state = 0;
	bool looked = false;

	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		const struct meaning *m = &meanings[i];

		if (m->code != -r || (m->call != CALL_ANY && m->call != call))
			continue;
		if (m->state && !looked)
			state = look_at_state(p, image, size_bytes);
		looked |= m->state;
		if (!m->state || m->state & state)
			return m;
	}
	return NULL;
}

/* POOL/[NAMESPACE/]IMAGE; the caller frees it. */
static char *full_name(struct ioctx *p, const char *image)
{
	char pool[256] = "", ns[256] = "";
	const struct spec spec = {pool, ns, (char *)image, NULL};

	if (rados_ioctx_get_pool_name(p->io, pool, sizeof(pool)) < 0 ||
	    rados_ioctx_get_namespace(p->io, ns, sizeof(ns)) < 0)
		return strdup(image);
	return spec_format(&spec);
}

/* TEXT with NAME for each "%s"; the caller frees it. */
static char *with_name(const char *text, const char *name)
{
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return NULL;
	for (const char *at; (at = strstr(text, "%s")); text = at + 2)
		fprintf(f, "%.*s%s", (int)(at - text), text, name);
	fputs(text, f);
	return text_end(f, &out);
}

/* WHAT was being done; NULL: no memory was left to say it. */
static int explain(struct ioctx *p, enum call call, const char *image, uint64_t size_bytes, int r,
		   struct err **e, const char *what)
{
	const struct meaning *m = find(p, call, image, size_bytes, r);
	_cleanup_free_ char *name = full_name(p, image ? image : "IMAGE");
	_cleanup_free_ char *hint = m && name ? with_name(m->hint, name) : NULL;

	if (!what || (m && !hint))
		return err_oom(e);
	if (!m)
		return ioctx_fail(p, r, e, "%s", what);
	err_set(e, m->kind, r, "%s: %s", what, m->why);
	return err_hint(e, "%s", hint);
}

int image_fail(struct ioctx *p, enum call call, const char *image, uint64_t size_bytes, int r,
	       struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *what = STR_FORMAT(fmt);

	return explain(p, call, image, size_bytes, r, e, what);
}

int image_fail_or_missing(struct ioctx *p, enum call call, const struct spec *spec, int r,
			  struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;

	if (r == -ENOENT)
		return ioctx_missing(p, spec, e);
	what = STR_FORMAT(fmt);
	return explain(p, call, spec->image, 0, r, e, what);
}
