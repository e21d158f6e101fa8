/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volumes of this host, and of the cluster, joined by their ids. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "mapper/device.h"
#include "mapper/mapping.h"
#include "rbd/list.h"
#include "volume/fenced.h"
#include "volume/host.h"
#include "volume/list.h"
#include "volume/progress.h"
#include "volume/step.h"
#include "volume/trim.h"

static int list_grow(struct volume_list *l, struct volume_info **out, struct err **e)
{
	struct volume_info *grown = reallocarray(l->items, l->n + 1, sizeof(*grown));

	if (!grown)
		return err_oom(e);
	l->items = grown;
	*out = &grown[l->n++];
	**out = (struct volume_info){0};
	return 0;
}

/* Every mapping of this host, as the kernel tells it. */
static int list_attached(struct volume_list *l, struct err **e)
{
	_cleanup_device_list_ struct device_list devices = {0};
	int r = device_list(&devices, e);

	for (size_t i = 0; r >= 0 && i < devices.n; i++) {
		struct volume_info *v;

		r = list_grow(l, &v, e);
		if (r < 0)
			return r;
		if (spec_copy(&devices.items[i].spec, &v->spec) < 0)
			return err_oom(e);
		v->device = devices.items[i];
		v->attached = true;
		devices.items[i] = (struct device){0};
		r = device_mounts(&v->device, &v->mounts, e);
	}
	return r < 0 ? r : 0;
}

/* The names of an attached one are those of when it was attached: by the ids it is known. */
static bool is_same(const struct volume_info *v, const char *fsid, const struct image_info *info)
{
	return v->attached && !v->in_cluster && !strcmp(v->device.fsid, fsid) &&
	       v->device.pool_id == info->pool_id && v->device.snap_id == info->snap_id &&
	       !strcmp(v->device.image_id, info->id);
}

static int find_or_grow(struct volume_list *l, const char *fsid, const struct image_info *info,
			struct volume_info **out, struct err **e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (is_same(&l->items[i], fsid, info)) {
			*out = &l->items[i];
			return 0;
		}
	}
	return list_grow(l, out, e);
}

/* Fill in the cluster's part of TEXT's volume, in its place of the list or a new one at the end. */
static int list_image(struct host *h, const struct volume_request *req, struct cluster *c,
		      const char *text, struct volume_list *l, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *why = NULL;
	struct image_info info = {0};
	struct volume_info *v = NULL;
	char fsid[FSID_LEN + 1];
	int r;

	if (spec_parse(text, host_pool(h, req), &spec, &why) < 0)
		return 0; /* a name that no volume can have */
	r = image_info(c, &spec, &info, &why);
	if (r == -ENOENT)
		return 0; /* deleted meanwhile */
	if (r < 0) {
		*e = steal(&why);
		return r;
	}
	r = cluster_fsid(c, fsid, e);
	if (r >= 0)
		r = find_or_grow(l, fsid, &info, &v, e);
	if (r < 0) {
		image_info_deinit(&info);
		return r;
	}
	spec_deinit(&v->spec);
	v->spec = spec;
	spec = (struct spec){0};
	v->image = info;
	v->in_cluster = true;
	return 0;
}

/* Attached volumes may be of another cluster than the one asked for. */
static bool volume_is_of(const struct volume_info *v, const char *fsid)
{
	return !v->attached || (v->device.fsid && !strcmp(v->device.fsid, fsid));
}

/* Whether the cluster has already another image under the name, whose figures would be told. */
static bool is_replaced(struct cluster *c, const struct volume_info *v)
{
	cleanup(image_info_deinit) struct image_info info = {0};
	_cleanup_err_ struct err *ignored = NULL;

	return v->attached && !v->in_cluster && image_info(c, &v->spec, &info, &ignored) >= 0 &&
	       strcmp(info.id, v->device.image_id) != 0;
}

static void add_known(struct volume_info *v, size_t *unknown)
{
	*unknown += !v->usage.known || !v->usage.shared_known;
	observe_reclaimable(v);
}

/* A list that ends early says how far it came. */
static int go_on(struct progress *p, size_t done, size_t total, struct err **e)
{
	int r = progress_tell(p, done, total);

	return r ? check_fail(r, e, "look at all volumes (%zu of %zu were seen)", done, total) : 0;
}

/* What each volume takes of the cluster. One that cannot be looked at keeps no other from it. */
static int add_usage(struct host *h, struct cluster *c, bool slow, struct progress *p,
		     struct volume_list *l, struct err **e)
{
	char fsid[FSID_LEN + 1];
	size_t unknown = 0;
	int r = cluster_fsid(c, fsid, e);

	for (size_t i = 0; r >= 0 && i < l->n; i++) {
		_cleanup_err_ struct err *why = NULL;
		struct volume_info *v = &l->items[i];

		r = go_on(p, i, l->n, e);
		if (r < 0)
			break;
		if (!volume_is_of(v, fsid) || is_replaced(c, v))
			continue;
		if (operation_usage(h, c, &v->spec, slow, p, &v->usage, &why) >= 0)
			add_known(v, &unknown);
		else if (why->kind == ERR_UNREACHABLE)
			r = (*e = steal(&why))->code;
		else if (why->kind != ERR_NOT_FOUND)
			progress_note(p, "%s", why->message);
	}
	if (r >= 0 && unknown)
		progress_note(
			p,
			"%zu without a valid object map (feature fast-diff), or with a parent "
			"that has none: with --slow each of their objects is asked for",
			unknown);
	return r;
}

static int list_all(struct host *h, const struct volume_request *req, struct cluster *c,
		    struct progress *p, struct volume_list *out, struct err **e)
{
	_cleanup_strlist_ struct strlist names = {0}, unlisted = {0};
	_cleanup_free_ char *pools = NULL;
	int r = image_list(c, req->pool, &names, &unlisted, e);

	if (r >= 0 && unlisted.n && (pools = strlist_join(&unlisted, ", ", 0)))
		progress_note(p,
			      "client.%s may not list the images of all pools; not told are those "
			      "of %s, of which --pool POOL[/NAMESPACE] lists a part",
			      cluster_user(c), pools);
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		r = go_on(p, i, names.n, e);
		if (r >= 0)
			r = list_image(h, req, c, names.items[i], out, e);
	}
	return r;
}

int volume_list(struct host *h, const struct volume_request *req, struct progress *p,
		struct volume_list *out, struct err **e)
{
	_cleanup_cluster_ struct cluster *c = NULL;
	_cleanup_err_ struct err *why = NULL;
	int r = list_attached(out, e);

	if (r >= 0)
		r = req->all || req->usage ? host_cluster_to_look(h, req, &c, &why)
					   : host_cluster(h, req, &c, &why);
	if (r >= 0)
		fenced_mark(host_fenced(h), c, out->items, out->n);
	/* What is attached is told without any cluster, too. */
	if (!req->all && !req->usage)
		return *e ? (*e)->code : 0;
	if (why)
		*e = steal(&why);
	if (r >= 0 && req->all)
		r = list_all(h, req, c, p, out, e);
	if (r >= 0 && req->usage)
		r = add_usage(h, c, req->slow, p, out, e);
	return r < 0 ? r : 0;
}
