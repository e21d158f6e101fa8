/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/session.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/lock.h"
#include "base/str.h"
#include "ceph/close.h"

/* The connections of this process. */
static struct {
	pthread_mutex_t lock;
	struct session *first;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

void session_connected(struct session *s)
{
	s->connected = true;
	if (rados_cluster_fsid(s->rados, s->fsid, sizeof(s->fsid)) < 0)
		s->fsid[0] = '\0';
	WITH_LOCK(&all.lock);
	s->next = all.first;
	all.first = s;
}

static void disconnect(struct session *s)
{
	struct session **at = &all.first;

	images_close();
	WITH_LOCK(&all.lock);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
}

bool session_is_ours(const struct session *s, uint64_t instance)
{
	const struct session *other;

	WITH_LOCK(&all.lock);
	other = all.first;
	while (other && (strcmp(other->fsid, s->fsid) != 0 ||
			 rados_get_instance_id(other->rados) != instance))
		other = other->next;
	return other;
}

bool session_is_at(const struct session *s, const char *address)
{
	_cleanup_free_ char *own = NULL;
	const char *end = strrchr(address, ':');
	const char *at;

	if (!end || rados_getaddrs(s->rados, &own) < 0)
		return false;
	at = strstr(own, "v2:") == own || strstr(own, "v1:") == own ? own + 3 : own;
	return !strncmp(at, address, (size_t)(end - address) + 1);
}

void session_unref(struct session *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	if (s->connected)
		disconnect(s);
	if (s->rados)
		rados_shutdown(s->rados);
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

int session_list_pools(struct session *s, char **out)
{
	size_t room = 4096;

	for (;;) {
		_cleanup_free_ char *names = calloc(1, room);
		int need = names ? rados_pool_list(s->rados, names, room) : -ENOMEM;

		if (need < 0)
			return need;
		if ((size_t)need <= room) {
			*out = steal(&names);
			return 0;
		}
		room = (size_t)need;
	}
}

static int fail_timeout(struct session *s, struct err **e, const char *what)
{
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "%s: the cluster did not answer within %llu s",
		what, (unsigned long long)(s->timeout_us / USEC_PER_SEC));
	return err_hint(e,
			"see 'ceph -s': a monitor (%s) or an OSD may be down, or the cluster full",
			*s->monitors ? s->monitors : "found by DNS");
}

int session_fail(struct session *s, int r, struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *what = STR_FORMAT(fmt);

	if (!what || r == -ENOMEM)
		return err_oom(e);
	if (r == -ETIMEDOUT)
		return fail_timeout(s, e, what);
	if (r == -ESHUTDOWN) {
		atomic_store(&s->dead, true);
		err_set(e, ERR_UNREACHABLE, r, "%s: the cluster has blocklisted this client", what);
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
	return r;
}
