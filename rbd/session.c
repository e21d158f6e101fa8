/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/session.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "rbd/classes.h"
#include "rbd/compat.h"

void session_unref(struct session *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	if (s->rados) {
		images_close_now();
		rados_shutdown(s->rados);
	}
	free(s->user);
	free(s->monitors);
	free(s);
}

char *session_conf(rados_t rados, const char *option)
{
	for (size_t size = 256; size <= 65536; size *= 4) {
		_cleanup_free_ char *value = malloc(size);
		int r = value ? rados_conf_get(rados, option, value, size) : -ENOMEM;

		if (!r)
			return steal(&value);
		if (value)
			explicit_bzero(value, size); /* it may be a key */
		if (r != -ENAMETOOLONG)
			return NULL;
	}
	return NULL;
}

static int fail_timeout(struct session *s, struct err **e, const char *what)
{
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "%s: the cluster did not answer within %llu s",
		what, (unsigned long long)(s->timeout_us / USEC_PER_SEC));
	return err_hint(e, "look at 'ceph -s': a monitor (%s), an OSD or free space is missing",
			*s->monitors ? s->monitors : "found by DNS");
}

int session_fail(struct session *s, int r, struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (!what || r == -ENOMEM)
		return err_oom(e);
	if (r == -ETIMEDOUT)
		return fail_timeout(s, e, what);
	if (r == -ESHUTDOWN) {
		atomic_store(&s->dead, true);
		err_set(e, ERR_UNREACHABLE, r,
			"%s: the cluster has shut this client out (blocklisted)", what);
		return err_hint(e, "try again: the next call makes a new connection");
	}
	if (r == -ECANCELED)
		return err_set(e, ERR_FAILED, r, "%s: cancelled", what);
	err_errno(e, r, "%s", what);
	if (r == -EPERM || r == -EACCES)
		err_hint(e,
			 "client.%s needs the capabilities mon 'profile rbd' and osd 'profile rbd' "
			 "for this pool",
			 s->user);
	if (r == -ENOSPC || r == -EDQUOT)
		err_hint(e,
			 "the %s: look at 'ceph health detail'; what is deleted or trimmed "
			 "gives room",
			 r == -EDQUOT ? "pool's quota is used up" : "cluster is full");
	if (r == -EROFS)
		err_hint(e, "another client holds the image's exclusive lock and does not give it "
			    "up; see 'rbd lock ls' and 'rbd status'");
	return r;
}

/* With a pool goes all that was in it, and who has the map of before sees only that. */
static bool pool_gone(struct place *p, const char *pool)
{
	return !session_latest_osdmap(p->session) &&
	       rados_pool_lookup(p->session->rados, pool) == -ENOENT;
}

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

int place_open(struct cluster *c, const char *pool, const char *ns, struct place *out,
	       struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	int r = cluster_session(c, &s, e);

	*out = (struct place){0};
	return r < 0 ? r : place_open_in(s, pool, ns, out, e);
}

int place_open_in(struct session *session, const char *pool, const char *ns, struct place *out,
		  struct err **e)
{
	rados_ioctx_t io = NULL;
	int r = 0;

	*out = (struct place){0};
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
	*out = (struct place){session, io, rados_ioctx_get_id(io)};
	return 0;
}

int place_open_id(struct session *session, int64_t pool_id, const char *ns, struct place *out)
{
	int r;

	*out = (struct place){.pool_id = pool_id};
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

void place_deinit(struct place *p)
{
	if (p->io)
		rados_ioctx_destroy(p->io);
	session_unref(p->session);
	*p = (struct place){0};
}

int place_check_namespace(struct place *p, const struct spec *spec, struct err **e)
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
static bool name_taken(struct place *p, const char *name)
{
	_cleanup_free_ char *id = NULL, *old = NULL;
	uint64_t size;
	time_t when;

	if (!class_image_id(p->io, name, &id))
		return true;
	return asprintf(&old, "%s.rbd", name) > 0 && !rados_stat(p->io, old, &size, &when);
}

/* NAME is taken by what can't be opened. */
static int say_incomplete(const char *name, enum err_kind kind, int code, struct err **e)
{
	err_set(e, kind, code,
		"image '%s' is incomplete: it is being made or deleted, or that was cut short",
		name);
	return err_hint(e, "if nobody is at it, 'rbdvol delete %s' removes the remains", name);
}

int place_taken(const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);

	return name ? say_incomplete(name, ERR_EXISTS, -EEXIST, e) : err_oom(e);
}

int place_missing(struct place *p, const struct spec *spec, struct err **e)
{
	const struct spec image = {spec->pool, spec->ns, spec->image, NULL};
	_cleanup_free_ char *name = spec_format(&image);
	int r;

	if (pool_gone(p, spec->pool))
		return no_pool(spec->pool, e);
	r = place_check_namespace(p, spec, e);
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
