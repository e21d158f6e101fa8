/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/ioctx.h"
#include "ceph/cluster.h"
#include "ceph/monitors.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "ceph/cls.h"
#include "ceph/compat.h"

/* Whether the map that this connection has, which may be old, has the pool. */
static bool pool_known(rados_t rados, const char *pool)
{
	int len = rados_pool_list(rados, NULL, 0);
	_cleanup_free_ char *names = len > 0 ? calloc(1, (size_t)len) : NULL;

	/* Names with a NUL behind each, and one more at the end. */
	if (!names || rados_pool_list(rados, names, (size_t)len) > len)
		return false;
	for (const char *name = names; *name; name += strlen(name) + 1)
		if (!strcmp(name, pool))
			return true;
	return false;
}

static int no_pool(const char *pool, struct err **e)
{
	return err_set(e, ERR_NOT_FOUND, -ENOENT, "no pool '%s' in the cluster", pool);
}

int ioctx_check_pool(struct ioctx *p, const char *pool, struct err **e)
{
	int r = session_latest_osdmap(p->session);
	int64_t id = r < 0 ? r : rados_pool_lookup(p->session->rados, pool);

	if (id == p->pool_id)
		return 0;
	if (id == -ENOENT)
		return no_pool(pool, e);
	if (id < 0)
		return session_fail(p->session, (int)id, e, "look for pool '%s'", pool);
	err_set(e, ERR_FAILED, -ESTALE, "pool '%s' was deleted and created anew meanwhile", pool);
	return err_hint(e, "try again: what was looked for may be in the new one");
}

/* Session_fail knows of no pool. */
static int name_capability(struct ioctx *p, struct err **e)
{
	char pool[256] = "", ns[256] = "";

	if (rados_ioctx_get_pool_name(p->io, pool, sizeof(pool)) < 0 ||
	    rados_ioctx_get_namespace(p->io, ns, sizeof(ns)) < 0)
		return (*e)->code;
	return err_hint(e,
			"client.%s needs the capabilities mon 'profile rbd' and osd 'profile rbd "
			"pool=%s%s%s'",
			p->session->user, pool, *ns ? " namespace=" : "", ns);
}

int ioctx_fail(struct ioctx *p, int r, struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *what = STR_FORMAT(fmt);

	if (!what)
		return err_oom(e);
	r = session_fail(p->session, r, e, "%s", what);
	return r == -EPERM || r == -EACCES ? name_capability(p, e) : r;
}

int ioctx_open(struct cluster *c, const char *pool, const char *ns, struct ioctx *out,
	       struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	int r = cluster_session(c, &s, e);

	*out = (struct ioctx){0};
	return r < 0 ? r : ioctx_open_in(s, pool, ns, out, e);
}

int ioctx_open_in(struct session *session, const char *pool, const char *ns, struct ioctx *out,
		  struct err **e)
{
	rados_ioctx_t io = NULL;
	int r = 0;

	*out = (struct ioctx){0};
	/* A pool that is not known makes librados wait for the newest map, too. */
	if (!pool_known(session->rados, pool))
		r = session_latest_osdmap(session);
	if (!r)
		r = rados_ioctx_create(session->rados, pool, &io);
	if (r == -ENOENT)
		return no_pool(pool, e);
	if (r < 0)
		return session_fail(session, r, e, "open pool '%s'", pool);
	rados_ioctx_set_namespace(io, ns);
	compat_fail_when_full(io);
	atomic_fetch_add(&session->refs, 1);
	*out = (struct ioctx){session, io, rados_ioctx_get_id(io)};
	return 0;
}

int ioctx_open_id(struct session *session, int64_t pool_id, const char *ns, struct ioctx *out)
{
	int r;

	*out = (struct ioctx){.pool_id = pool_id};
	r = rados_ioctx_create2(session->rados, pool_id, &out->io);
	if (r < 0) {
		out->io = NULL;
		return r;
	}
	rados_ioctx_set_namespace(out->io, ns);
	compat_fail_when_full(out->io);
	atomic_fetch_add(&session->refs, 1);
	out->session = session;
	return 0;
}

void ioctx_deinit(struct ioctx *p)
{
	if (p->io)
		rados_ioctx_destroy(p->io);
	session_unref(p->session);
	*p = (struct ioctx){0};
}

bool ioctx_has_application(rados_ioctx_t io, const char *const *any, size_t n)
{
	char names[4096];
	size_t len = sizeof(names);

	if (rados_application_list(io, names, &len) < 0)
		return false;
	for (size_t at = 0; at < len && names[at]; at += strlen(names + at) + 1)
		for (size_t i = 0; i < n; i++)
			if (!strcmp(names + at, any[i]))
				return true;
	return false;
}

int ioctx_check_namespace(struct ioctx *p, const struct spec *spec, struct err **e)
{
	bool there = true;
	int r;

	if (!*spec->ns)
		return 0;
	r = rbd_namespace_exists(p->io, spec->ns, &there);
	if (r < 0)
		return session_fail(p->session, r, e, "look for namespace '%s' in pool '%s'",
				    spec->ns, spec->pool);
	if (there)
		return 0;
	return err_set(e, ERR_NOT_FOUND, -ENOENT, "no namespace '%s' in pool '%s'", spec->ns,
		       spec->pool);
}

/* Whether an image of this name is there, whatever its state. */
static bool name_taken(struct ioctx *p, const char *name)
{
	_cleanup_free_ char *id = NULL, *old = NULL;
	uint64_t size;
	time_t when;

	if (!cls_image_id(p->io, name, &id))
		return true;
	return str_printf(&old, "%s.rbd", name) == 0 && !rados_stat(p->io, old, &size, &when);
}

/* NAME is taken by what cannot be opened. */
static int say_incomplete(const char *name, enum err_kind kind, int code, struct err **e)
{
	err_set(e, kind, code,
		"image '%s' is incomplete: it is being made or deleted, or that was interrupted",
		name);
	return err_hint(e, "if nobody is at it, 'rbdvol delete %s' removes the remains", name);
}

int ioctx_taken(const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);

	return name ? say_incomplete(name, ERR_EXISTS, -EEXIST, e) : err_oom(e);
}

int ioctx_missing(struct ioctx *p, const struct spec *spec, struct err **e)
{
	const struct spec image = {spec->pool, spec->ns, spec->image, NULL};
	_cleanup_free_ char *name = spec_format(&image);
	int r;

	r = ioctx_check_pool(p, spec->pool, e);
	if (r < 0)
		return r;
	r = ioctx_check_namespace(p, spec, e);
	if (r < 0)
		return r;
	if (!name)
		return err_oom(e);
	if (!name_taken(p, spec->image))
		return err_set(e, ERR_NOT_FOUND, -ENOENT, "no image '%s'", name);
	if (spec->snap)
		return err_set(e, ERR_NOT_FOUND, -ENOENT, "no snapshot '%s' of image '%s'",
			       spec->snap, name);
	return say_incomplete(name, ERR_NOT_FOUND, -ENOENT, e);
}
