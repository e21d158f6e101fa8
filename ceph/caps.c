/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/caps.h"
#include "ceph/cluster.h"

#include <errno.h>

#include "ceph/compat.h"
#include "ceph/ioctx.h"

#define NOBODY "0.0.0.0:0/1"   /* no client has this address */
#define ABSENT "rbdvol-doctor" /* an object that is not there */

static bool denied(int r)
{
	return r == -EPERM || r == -EACCES;
}

int caps_may_blocklist(struct cluster *c, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	char nobody[] = NOBODY;
	int r = cluster_session(c, &s, e);

	if (r < 0)
		return r;
	r = compat_blocklist(s->rados, nobody, 1);
	if (denied(r))
		return 0;
	return r < 0 ? session_fail(s, r, e, "ask to blocklist a client") : 1;
}

/* PLACE is "POOL[/NAMESPACE]". */
static int open_place(struct cluster *c, const char *place, struct ioctx *out, struct err **e)
{
	_cleanup_free_ char *pool = strndup(place, strcspn(place, "/"));
	const char *ns = strchr(place, '/');

	return pool ? ioctx_open(c, pool, ns ? ns + 1 : "", out, e) : err_oom(e);
}

int caps_read(struct cluster *c, const char *pool, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	uint64_t size;
	time_t when;
	int r = open_place(c, pool, &p, e);

	if (r < 0)
		return r;
	r = rados_stat(p.io, ABSENT, &size, &when);
	if (denied(r))
		return 0;
	return r < 0 && r != -ENOENT ? ioctx_fail(&p, r, e, "read in pool '%s'", pool) : 1;
}

int caps_write(struct cluster *c, const char *pool, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = open_place(c, pool, &p, e);

	if (r < 0)
		return r;
	r = rados_remove(p.io, ABSENT);
	if (denied(r))
		return 0;
	return r < 0 && r != -ENOENT ? ioctx_fail(&p, r, e, "write in pool '%s'", pool) : 1;
}
