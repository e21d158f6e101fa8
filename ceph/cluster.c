/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lasting connection. Of several threads that find none, one connects and the others wait for
 * what comes of it; a failed attempt is thrown away whole, so that the next call begins afresh. */
#include "ceph/cluster.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/deadline.h"
#include "base/lock.h"
#include "base/str.h"
#include "base/value.h"
#include "ceph/address.h"
#include "ceph/keyring.h"
#include "ceph/session.h"

#define DEFAULT_TIMEOUT_US (30 * USEC_PER_SEC)
#define LOOK_EVERY_S	   2.0

struct cluster {
	atomic_uint refs;
	char *name;
	char *user;
	char *conf;
	char *keyring;
	char *monitors; /* as configured, for people */
	char *fsid;	/* as configured; zeros, or no fsid, where it is not */
	uint64_t timeout_us;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	struct session *fresh;	 /* configured, not connected: for the next attempt; or NULL */
	struct session *current; /* connected; or NULL */
	bool connecting;
	uint64_t attempts; /* that have ended */
	struct err *last;  /* of the last attempt; NULL: it succeeded */
	void *attached;	   /* of a layer above; NULL: nothing yet */
	void (*drop)(void *);
};

/* The user that CEPH_ARGS names (--id X, --id=X, -n client.X, --name=client.X), into OUT; it is as
 * it was where there is none. librados itself takes the other options from there, not this one. */
static int user_from_environment(char **out)
{
	static const char *const words[] = {"--id", "--user", "-n", "--name"};
	const char *args = getenv("CEPH_ARGS");
	_cleanup_free_ char *copy = strdup(args ? args : "");
	char *save = NULL;
	bool next = false;

	if (!copy)
		return -ENOMEM;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const char *value = next ? w : NULL;

		next = false;
		for (size_t i = 0; !value && i < ARRAY_SIZE(words); i++) {
			size_t n = strlen(words[i]);

			if (!strcmp(w, words[i]))
				next = true;
			else if (!strncmp(w, words[i], n) && w[n] == '=')
				value = w + n + 1;
		}
		if (!value)
			continue;
		free(*out);
		*out = strdup(strncmp(value, "client.", 7) ? value : value + 7);
		if (!*out)
			return -ENOMEM;
	}
	return 0;
}

/* librbd removes 10 objects at a time; where nobody chose that number, a larger one makes an end of
 * large images (deleted, wiped) several times sooner. */
static int configure_concurrency(struct session *s)
{
	static const char option[] = "rbd_concurrent_management_ops";
	_cleanup_free_ char *now = session_conf(s->rados, option);

	return now && !strcmp(now, "10") ? rados_conf_set(s->rados, option, "64") : 0;
}

/* A request that no OSD answers makes librados ask for the map anew, but only after ten seconds and
 * at a look every five. One that has its timeout before that would never see the OSD come back. */
static int configure_looks(struct session *s)
{
	static const char *const looks[] = {"objecter_timeout", "objecter_tick_interval"};
	double quarter = (double)s->timeout_us / USEC_PER_SEC / 4;
	char seconds[32];
	int r = 0;

	snprintf(seconds, sizeof(seconds), "%.2f", quarter < LOOK_EVERY_S ? quarter : LOOK_EVERY_S);
	for (size_t i = 0; !r && i < ARRAY_SIZE(looks); i++)
		r = rados_conf_set(s->rados, looks[i], seconds);
	return r;
}

/* Timeouts in whole seconds, which is what librados takes; quiet on stderr. */
static int configure_limits(struct session *s)
{
	static const char *const timeouts[] = {"client_mount_timeout", "rados_mon_op_timeout",
					       "rados_osd_op_timeout"};
	static const char *const noise[] = {"log_to_stderr", "err_to_stderr"};
	_cleanup_free_ char *seconds = NULL;
	int r = 0;

	if (str_printf(&seconds, "%llu", (unsigned long long)(s->timeout_us / USEC_PER_SEC)) < 0)
		return -ENOMEM;
	for (size_t i = 0; !r && i < ARRAY_SIZE(timeouts); i++)
		r = rados_conf_set(s->rados, timeouts[i], seconds);
	for (size_t i = 0; !r && i < ARRAY_SIZE(noise); i++)
		r = rados_conf_set(s->rados, noise[i], "false");
	if (!r)
		r = configure_looks(s);
	/* Nothing is read twice here, and each image would have a thread for its cache. */
	if (!r)
		r = rados_conf_set(s->rados, "rbd_cache", "false");
	return r < 0 ? r : configure_concurrency(s);
}

/* What librados found and does not understand; it tells the line only on a log that nobody sees. */
static int bad_configuration(const struct cluster *c, const char *conf, int r, struct err **e)
{
	_cleanup_free_ char *usual = NULL;

	if (str_printf(&usual, "/etc/ceph/%s.conf", c->name) < 0)
		return err_oom(e);
	if (!conf)
		conf = usual;
	err_errno(e, r, "cannot read the configuration %s of cluster '%s'", conf, c->name);
	return err_hint(
		e,
		"'ceph-conf -c %s --lookup fsid' tells in which line; the last one has to end "
		"with a newline, too",
		conf);
}

static int configure(struct cluster *c, struct session *s, struct err **e)
{
	const char *conf = c->conf ? c->conf : getenv("CEPH_CONF");
	int r = rados_conf_read_file(s->rados, c->conf);

	if (r == -ENOENT) {
		err_set(e, ERR_NOT_FOUND, r, "no configuration of cluster '%s': %s%s", c->name,
			conf ? conf : "/etc/ceph/", conf ? "" : c->name);
		return err_hint(e,
				"copy ceph.conf and the keyring of client.%s from a host of the "
				"cluster, or set CEPH_CONF",
				s->user);
	}
	if (r < 0)
		return bad_configuration(c, conf, r, e);
	rados_conf_parse_env(s->rados, NULL);
	r = configure_limits(s);
	if (!r && c->keyring)
		r = rados_conf_set(s->rados, "keyring", c->keyring);
	if (r < 0)
		return err_errno(e, r, "configure the connection to cluster '%s'", c->name);
	s->monitors = session_conf(s->rados, "mon_host");
	return s->monitors ? 0 : err_oom(e);
}

/* For messages. Without any in the configuration librados looks for them in the DNS. */
static const char *session_monitors(const struct session *s)
{
	return *s->monitors ? s->monitors : "found by DNS";
}

static int session_new(struct cluster *c, struct session **out, struct err **e)
{
	_cleanup_session_ struct session *s = calloc(1, sizeof(*s));
	_cleanup_free_ char *name = NULL;
	int r;

	if (!s)
		return err_oom(e);
	s->refs = 1;
	s->timeout_us = c->timeout_us;
	s->user = strdup(c->user);
	if (!s->user || str_printf(&name, "client.%s", c->user) < 0)
		return err_oom(e);
	r = rados_create2(&s->rados, c->name, name, 0);
	if (r < 0) {
		s->rados = NULL;
		return err_errno(e, r, "prepare the connection to cluster '%s'", c->name);
	}
	r = configure(c, s, e);
	if (!r)
		*out = steal(&s);
	return r;
}

static int cluster_init(struct cluster *c, const struct cluster_config *config)
{
	uint64_t us = config->timeout_us ? config->timeout_us : DEFAULT_TIMEOUT_US;

	/* One second may end early by up to one, as librados counts. */
	c->timeout_us = (us / USEC_PER_SEC + !!(us % USEC_PER_SEC)) * USEC_PER_SEC;
	c->name = strdup(config->name ? config->name : "ceph");
	c->user = strdup(config->user ? config->user : "admin");
	c->conf = config->conf ? strdup(config->conf) : NULL;
	c->keyring = config->keyring ? strdup(config->keyring) : NULL;
	if (!c->name || !c->user || (config->conf && !c->conf) || (config->keyring && !c->keyring))
		return -ENOMEM;
	return config->user ? 0 : user_from_environment(&c->user);
}

int cluster_new(const struct cluster_config *config, struct cluster **out, struct err **e)
{
	_cleanup_cluster_ struct cluster *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_oom(e);
	c->refs = 1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	if (cluster_init(c, config) < 0)
		return err_oom(e);
	r = session_new(c, &c->fresh, e);
	if (r < 0)
		return r;
	c->monitors = strdup(session_monitors(c->fresh));
	c->fsid = session_conf(c->fresh->rados, "fsid");
	if (!c->monitors || !c->fsid)
		return err_oom(e);
	*out = steal(&c);
	return 0;
}

struct cluster *cluster_ref(struct cluster *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void cluster_unref(struct cluster *c)
{
	if (!c || atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	session_unref(c->fresh);
	session_unref(c->current);
	err_free(c->last);
	if (c->attached)
		c->drop(c->attached);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c->name);
	free(c->user);
	free(c->conf);
	free(c->keyring);
	free(c->monitors);
	free(c->fsid);
	free(c);
}

const char *cluster_monitors_configured(const struct cluster *c)
{
	return c->monitors;
}

const char *cluster_user(const struct cluster *c)
{
	return c->user;
}

int cluster_key_file(struct cluster *c, char **out, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	int r = session_new(c, &s, e);

	*out = NULL;
	return r < 0 ? r : key_file(s->rados, s->user, out, e);
}

void *cluster_attachment(struct cluster *c, void *(*make)(void), void (*drop)(void *))
{
	WITH_LOCK(&c->lock);
	if (!c->attached) {
		c->attached = make();
		c->drop = drop;
	}
	return c->attached;
}

/* What librados says of a keyring in which anybody's key is malformed. */
static int fail_io(const struct cluster *c, const struct session *s, int r, struct err **e)
{
	_cleanup_secret_ struct secret key = {0};
	_cleanup_free_ char *file = NULL;
	int found = key_find(s->rados, s->user, &key, &file, e);

	if (found < 0)
		return found;
	err_errno(e, r, "cannot connect to cluster '%s' (monitors %s) as client.%s", c->name,
		  session_monitors(s), s->user);
	if (!file)
		return r;
	return err_hint(
		e, "a key in %s may be malformed, whosever it is: see 'ceph-authtool --list %s'",
		file, file);
}

/* What went wrong when connecting, in words. A refused key and a missing one look the same to
 * librados' caller, so look which it is. */
static int fail_connect(struct cluster *c, struct session *s, int r, struct err **e)
{
	_cleanup_secret_ struct secret key = {0};
	const char *monitors = session_monitors(s);

	if (r == -ENOENT && !*s->monitors) {
		err_set(e, ERR_UNREACHABLE, r,
			"cluster '%s' has no monitors: there is no 'mon host' in its "
			"configuration, and the "
			"DNS knows none",
			c->name);
		return err_hint(e, "write 'mon host = ADDRESS' into the ceph.conf of the cluster");
	}
	if (r == -EACCES || r == -EPERM || r == -ENOENT || r == -EOPNOTSUPP) {
		int found = key_find(s->rados, s->user, &key, NULL, e);

		if (found < 0)
			return found;
		err_set(e, ERR_NOT_PERMITTED, -EACCES,
			"cluster '%s' (monitors %s) refuses client.%s or its key", c->name,
			monitors, s->user);
		return err_hint(e, "compare the keyring with 'ceph auth get client.%s'", s->user);
	}
	if (r == -EIO)
		return fail_io(c, s, r, e);
	if (r != -ETIMEDOUT)
		return err_errno(e, r, "connect to cluster '%s' (monitors %s) as client.%s",
				 c->name, monitors, s->user);
	err_set(e, ERR_UNREACHABLE, r, "no monitor of cluster '%s' answered within %llu s: %s",
		c->name, (unsigned long long)(s->timeout_us / USEC_PER_SEC), monitors);
	return err_hint(e, "check the network to the monitors, and 'mon host' in ceph.conf");
}

/* One attempt, without the lock. */
static int attempt(struct cluster *c, struct session *fresh, struct session **out, struct err **e)
{
	_cleanup_session_ struct session *s = fresh;
	int r = s ? 0 : session_new(c, &s, e);

	if (r < 0)
		return r;
	r = rados_connect(s->rados);
	if (r < 0)
		return fail_connect(c, s, r, e);
	session_connected(s);
	*out = steal(&s);
	return 0;
}

/* Called and left with the lock. */
static int connect_locked(struct cluster *c, struct err **e)
{
	struct session *fresh = steal(&c->fresh), *made = NULL;
	int r;

	c->connecting = true;
	pthread_mutex_unlock(&c->lock);
	r = attempt(c, fresh, &made, e);
	pthread_mutex_lock(&c->lock);
	c->connecting = false;
	c->attempts++;
	err_free(steal(&c->last));
	if (r < 0)
		err_copy(*e, &c->last);
	else
		c->current = made;
	pthread_cond_broadcast(&c->changed);
	return r;
}

/* Wait for another thread's attempt; its failure is ours too. Called and left with the lock. */
static int wait_locked(struct cluster *c, struct err **e)
{
	struct deadline end = deadline_in(2 * c->timeout_us + 5 * USEC_PER_SEC);
	uint64_t seen = c->attempts;

	while (c->connecting && c->attempts == seen)
		if (deadline_wait(&c->changed, &c->lock, end) == ETIMEDOUT)
			return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT,
				       "still connecting to cluster '%s'", c->name);
	return c->last ? err_copy(c->last, e) : 0;
}

int cluster_session(struct cluster *c, struct session **out, struct err **e)
{
	_cleanup_session_ struct session *dead = NULL;
	int r = 0;

	WITH_LOCK(&c->lock);
	while (!r) {
		if (c->current && atomic_load(&c->current->dead))
			dead = steal(&c->current);
		if (c->current)
			break;
		r = c->connecting ? wait_locked(c, e) : connect_locked(c, e);
	}
	if (r < 0)
		return r;
	atomic_fetch_add(&c->current->refs, 1);
	*out = c->current;
	return 0;
}

int cluster_connect(struct cluster *c, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;

	return cluster_session(c, &s, e);
}

/* A reference on the session that there is; NULL: none. */
static struct session *current_session(struct cluster *c)
{
	WITH_LOCK(&c->lock);
	if (c->current)
		atomic_fetch_add(&c->current->refs, 1);
	return c->current;
}

int cluster_own_address(struct cluster *c, char **out, struct err **e)
{
	_cleanup_session_ struct session *s = current_session(c);
	char *text = NULL;
	int r;

	*out = NULL;
	if (!s)
		return 0;
	r = rados_getaddrs(s->rados, &text);
	if (r < 0)
		return session_fail(s, r, e, "get the address of this client");
	*out = address_plain(text);
	rados_buffer_free(text);
	return *out ? 1 : err_oom(e);
}

bool cluster_fsid_configured(struct cluster *c, char out[static FSID_LEN + 1])
{
	static const char unset[] = "00000000-0000-0000-0000-000000000000";

	if (strlen(c->fsid) != FSID_LEN || !strcmp(c->fsid, unset))
		return false;
	memcpy(out, c->fsid, FSID_LEN + 1);
	return true;
}

int cluster_fsid(struct cluster *c, char out[static FSID_LEN + 1], struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	int r = cluster_session(c, &s, e);

	if (r < 0)
		return r;
	r = rados_cluster_fsid(s->rados, out, FSID_LEN + 1);
	return r < 0 ? session_fail(s, r, e, "get the cluster's fsid") : 0;
}
