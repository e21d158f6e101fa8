/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every image of a pool or of the cluster. */
#include <errno.h>
#include <string.h>

#include "ceph/cluster.h"
#include "ceph/monitors.h"
#include "rbd/errors.h"
#include "rbd/list.h"
#include "rbd/removal.h"

enum kind { VOLUMES, HIDDEN, REMOVALS };

/* librbd lists the images in order, and behind them those that are being removed, which may have
 * already the name of another. */
static size_t in_order(const rbd_image_spec_t *images, size_t n)
{
	size_t i = n > 0;

	while (i < n && strcmp(images[i - 1].name, images[i].name) < 0)
		i++;
	return i;
}

static bool has_name(const rbd_image_spec_t *images, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(images[i].name, name))
			return true;
	return false;
}

static int list_images(struct ioctx *p, struct strlist *out)
{
	_cleanup_free_ rbd_image_spec_t *images = NULL;
	size_t n = 0, ordered;
	int r;

	do {
		free(images);
		n += 16;
		images = calloc(n, sizeof(*images));
		r = images ? rbd_list2(p->io, images, &n) : -ENOMEM;
	} while (r == -ERANGE);
	if (r < 0)
		return r;
	r = 0;
	ordered = in_order(images, n);
	for (size_t i = 0; !r && i < n; i++)
		if (i < ordered || !has_name(images, i, images[i].name))
			r = strlist_add(out, "%s", images[i].name);
	rbd_image_spec_list_cleanup(images, n);
	return r;
}

static int list_place(struct ioctx *p, const char *pool, const char *ns, enum kind kind,
		      struct strlist *out)
{
	_cleanup_strlist_ struct strlist names = {0};
	int r = kind == REMOVALS ? removals_list(p, &names) : list_images(p, &names);

	for (size_t i = 0; !r && i < names.n; i++)
		if (kind == REMOVALS || spec_is_hidden(names.items[i]) == (kind == HIDDEN))
			r = strlist_add(out, "%s/%s%s%s", pool, ns, *ns ? "/" : "", names.items[i]);
	return r;
}

/* The namespaces of a pool, each behind the other with its NUL; the caller frees *out. */
static int list_namespaces(struct ioctx *p, char **out, size_t *out_len)
{
	size_t room = 4096;

	for (;;) {
		_cleanup_free_ char *names = malloc(room);
		size_t len = room;
		int r = names ? rbd_namespace_list(p->io, names, &len) : -ENOMEM;

		if (r >= 0) {
			*out = steal(&names);
			*out_len = len;
			return 0;
		}
		if (r != -ERANGE)
			return r;
		room = 2 * room > len ? 2 * room : len;
	}
}

static int list_pool(struct ioctx *p, const char *pool, enum kind kind, struct strlist *out)
{
	_cleanup_free_ char *names = NULL;
	size_t len = 0;
	int r = list_place(p, pool, "", kind, out);

	if (!r)
		r = list_namespaces(p, &names, &len);
	for (size_t at = 0; !r && at < len && names[at]; at += strlen(names + at) + 1) {
		rados_ioctx_set_namespace(p->io, names + at);
		r = list_place(p, pool, names + at, kind, out);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/* What cannot be looked at may be there: a list of the pool says then what is wrong. */
static bool may_have_object(rados_ioctx_t io, const char *name)
{
	uint64_t size;
	time_t when;
	int r = rados_stat(io, name, &size, &when);

	return r != -ENOENT && r != -EPERM && r != -EACCES;
}

/* Pools made before there were applications have none, and some tools name them after the pool: so
 * what librbd makes with the first image or namespace tells, too. */
static bool may_have_images(rados_ioctx_t io)
{
	static const char *const ours[] = {"rbd"}, *const others[] = {"cephfs", "rgw", "mgr"};

	if (ioctx_has_application(io, ours, ARRAY_SIZE(ours)))
		return true;
	if (ioctx_has_application(io, others, ARRAY_SIZE(others)))
		return false;
	return may_have_object(io, "rbd_directory") || may_have_object(io, "rbd_namespace");
}

static int list_every_pool(struct cluster *c, enum kind kind, struct strlist *out,
			   struct strlist *unlisted, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	_cleanup_free_ char *pools = NULL;
	int r = cluster_session(c, &s, e);

	if (r < 0)
		return r;
	/* A pool that was deleted and created anew has another id. */
	r = session_latest_osdmap(s);
	if (r >= 0)
		r = session_list_pools(s, &pools);
	if (r < 0)
		return session_fail(s, r, e, "list the cluster's pools");
	for (const char *pool = pools; *pool; pool += strlen(pool) + 1) {
		_cleanup_ioctx_ struct ioctx p = {0};
		int64_t id = rados_pool_lookup(s->rados, pool);

		if (id < 0 || ioctx_open_id(s, id, "", &p) < 0 || !may_have_images(p.io))
			continue;
		r = list_pool(&p, pool, kind, out);
		/* Another's: not this user's to see. */
		if (r == -EPERM || r == -EACCES)
			r = unlisted ? strlist_add(unlisted, "%s", pool) : 0;
		if (r < 0 && r != -ENOENT)
			return image_fail(&p, CALL_LIST, NULL, 0, r, e,
					  "list the images of pool '%s'", pool);
	}
	return 0;
}

/* PLACE is "POOL[/NAMESPACE]"; without a namespace all those of the pool. */
static int list_named(struct cluster *c, const char *place, enum kind kind, struct strlist *out,
		      struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *pool = strndup(place, strcspn(place, "/"));
	const char *ns = strchr(place, '/');
	int r = pool ? ioctx_open(c, pool, ns ? ns + 1 : "", &p, e) : err_oom(e);

	if (r < 0)
		return r;
	r = ns ? list_place(&p, pool, ns + 1, kind, out) : list_pool(&p, pool, kind, out);
	/* To librbd a pool that is gone is an empty one. */
	if (r == -ENOENT || (!r && !out->n)) {
		int checked = ioctx_check_pool(&p, pool, e);

		if (checked < 0)
			return checked;
	}
	return r < 0 ? image_fail(&p, CALL_LIST, NULL, 0, r, e, "list the images of pool '%s'",
				  place)
		     : 0;
}

static int list(struct cluster *c, const char *pool, enum kind kind, struct strlist *out,
		struct strlist *unlisted, struct err **e)
{
	_cleanup_strlist_ struct strlist found = {0};
	int r = pool ? list_named(c, pool, kind, &found, e)
		     : list_every_pool(c, kind, &found, unlisted, e);

	if (r == -ESTALE) { /* another pool has the name: look there */
		err_free(steal(e));
		r = list_named(c, pool, kind, &found, e);
	}
	if (r < 0)
		return r;
	*out = found;
	found = (struct strlist){0};
	return 0;
}

int image_list(struct cluster *c, const char *pool, struct strlist *out, struct strlist *unlisted,
	       struct err **e)
{
	return list(c, pool, VOLUMES, out, unlisted, e);
}

int image_list_hidden(struct cluster *c, const char *pool, struct strlist *out, struct err **e)
{
	return list(c, pool, HIDDEN, out, NULL, e);
}

int image_list_removals(struct cluster *c, const char *pool, struct strlist *out, struct err **e)
{
	return list(c, pool, REMOVALS, out, NULL, e);
}
