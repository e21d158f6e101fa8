/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "base/file.h"
#include "base/lock.h"
#include "mapper/probe.h"
#include "rbd/hold-state.h"
#include "volume/fenced.h"
#include "volume/host.h"
#include "volume/slot.h"

/* Our own id in the hash of the machine id, so that what we write into a cluster does not give the
 * machine id away (machine-id(5)). */
#define RBDVOL_ID SD_ID128_MAKE(2e, 5b, 1f, 0c, 8a, 47, 4d, 0e, 9b, 63, 71, d2, 0a, 5c, e4, 98)

/* Whoever may ask may name any user, so there is an end to what is kept. */
#define CONNECTIONS_MAX 16
#define SCANS_AT_ONCE	2		    /* of all objects of an image, for others than root */
#define LOOK_US		(10 * USEC_PER_SEC) /* at least, of a call of what only looks */

struct connection {
	char *cluster;
	char *user;
	bool looks; /* its calls end sooner */
	struct cluster *c;
};

/* The operations in progress, whichever configuration they began with. */
struct shared_locks {
	atomic_uint refs;
	struct image_locks locks;
};

struct host {
	struct host_config config; /* its strings are ours */
	struct host_identity identity;
	pthread_mutex_t lock; /* guards the connections */
	struct fenced *fenced;
	struct shared_locks *image_locks;
	struct slots *trims, *scans;
	struct probes *probes;
	/* The one used last comes first. */
	struct connection connections[CONNECTIONS_MAX];
	size_t connections_n;
};

static void connection_deinit(struct connection *c)
{
	cluster_unref(c->c);
	free(c->cluster);
	free(c->user);
}
#define _cleanup_connection_ cleanup(connection_deinit)

static int identity_init(struct host_identity *id, struct err **e)
{
	_cleanup_free_ char *boot = NULL;
	sd_id128_t machine;
	int r = sd_id128_get_machine_app_specific(RBDVOL_ID, &machine);

	if (r < 0) {
		err_errno(e, r, "this host has no machine id (/etc/machine-id)");
		return err_hint(e, "run systemd-machine-id-setup");
	}
	sd_id128_to_string(machine, id->id);
	r = file_read_line(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot);
	if (r < 0)
		return err_errno(e, r, "cannot read the boot id");
	memcpy(id->boot_id, boot, strnlen(boot, sizeof(id->boot_id) - 1));
	return 0;
}

static int copy_string(const char **field, const char *fallback)
{
	const char *from = *field ? *field : fallback;

	*field = from ? strdup(from) : NULL;
	return from && !*field ? -ENOMEM : 0;
}

static int config_copy(struct host_config *to, const struct host_config *from)
{
	int r;

	*to = *from;
	r = copy_string(&to->cluster, "ceph");
	r |= copy_string(&to->user, NULL);
	r |= copy_string(&to->conf, NULL);
	r |= copy_string(&to->keyring, NULL);
	r |= copy_string(&to->pool, "rbd");
	r |= copy_string(&to->map_options, NULL);
	return r ? -ENOMEM : 0;
}

static struct shared_locks *shared_locks_new(void)
{
	struct shared_locks *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	image_locks_init(&s->locks);
	return s;
}

static struct shared_locks *shared_locks_ref(struct shared_locks *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

static void shared_locks_unref(struct shared_locks *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	image_locks_deinit(&s->locks);
	free(s);
}

int host_new(const struct host_config *config, struct host *before, struct host **out,
	     struct err **e)
{
	struct host *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return err_oom(e);
	pthread_mutex_init(&h->lock, NULL);
	h->image_locks = before ? shared_locks_ref(before->image_locks) : shared_locks_new();
	h->fenced = fenced_new();
	h->trims = slots_new(config->trims_at_once);
	h->scans = slots_new(SCANS_AT_ONCE);
	h->probes = probes_new();
	r = !h->image_locks || !h->fenced || !h->trims || !h->scans || !h->probes ||
			    config_copy(&h->config, config) < 0
		    ? err_oom(e)
		    : identity_init(&h->identity, e);
	if (r < 0) {
		host_free(h);
		return r;
	}
	*out = h;
	return 0;
}

void host_free(struct host *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->connections_n; i++)
		connection_deinit(&h->connections[i]);
	fenced_free(h->fenced);
	shared_locks_unref(h->image_locks);
	slots_free(h->trims);
	slots_free(h->scans);
	probes_end(h->probes);
	free((char *)h->config.cluster);
	free((char *)h->config.user);
	free((char *)h->config.conf);
	free((char *)h->config.keyring);
	free((char *)h->config.pool);
	free((char *)h->config.map_options);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

int host_files(const struct host_config *h, struct strlist *out, struct err **e)
{
	const char *name = h->cluster ? h->cluster : "ceph", *env = getenv("CEPH_CONF");
	struct cluster_config config = {
		.name = name,
		.user = h->user,
		.conf = h->conf,
		.keyring = h->keyring,
		.timeout_us = h->timeout_us,
	};
	_cleanup_cluster_ struct cluster *c = NULL;
	_cleanup_free_ char *key = NULL;
	int r = cluster_new(&config, &c, e);

	if (r < 0)
		return r;
	r = cluster_key_file(c, &key, e);
	if (r < 0)
		return r;
	if (h->conf || env)
		r = strlist_add(out, "%s", h->conf ? h->conf : env);
	else
		r = strlist_add(out, "/etc/ceph/%s.conf", name);
	if (r >= 0 && key)
		r = strlist_add(out, "%s", key);
	return r < 0 ? err_oom(e) : 0;
}

struct slots *host_trims(struct host *h)
{
	return h->trims;
}

struct slots *host_scans(struct host *h)
{
	return h->scans;
}

struct probes *host_probes(struct host *h)
{
	return h->probes;
}

const struct host_config *host_defaults(const struct host *h)
{
	return &h->config;
}

const struct host_identity *host_identity(const struct host *h)
{
	return &h->identity;
}

int host_hold(const struct host *h, const char *client_address, struct hold *out, struct err **e)
{
	char name[256] = "";

	*out = (struct hold){0};
	if (gethostname(name, sizeof(name) - 1) < 0)
		return err_errno(e, -errno, "cannot read the host's name");
	hold_text(name);
	*out = (struct hold){
		.host = strdup(h->identity.id),
		.host_name = strdup(name),
		.boot_id = strdup(h->identity.boot_id),
		.client_address = strdup(client_address),
		.since = time(NULL),
	};
	if (out->host && out->host_name && out->boot_id && out->client_address)
		return 0;
	hold_deinit(out);
	return err_oom(e);
}

struct fenced *host_fenced(struct host *h)
{
	return h->fenced;
}

struct image_locks *host_image_locks(struct host *h)
{
	return &h->image_locks->locks;
}

const char *host_pool(const struct host *h, const struct volume_request *req)
{
	return req->pool ? req->pool : h->config.pool;
}

/* "" where none is configured: librados' own way to find one then. */
static const char *own_user(const struct host *h)
{
	return h->config.user ? h->config.user : "";
}

/* Which connection is meant. */
struct wanted {
	const char *cluster;
	const char *user;
	bool looks;
};

static bool connection_is_of(const struct connection *c, const struct wanted *w)
{
	return c->looks == w->looks && !strcmp(c->cluster, w->cluster) && !strcmp(c->user, w->user);
}

static struct connection take_out(struct host *h, size_t i)
{
	struct connection c = h->connections[i];

	h->connections_n--;
	memmove(&h->connections[i], &h->connections[i + 1],
		(h->connections_n - i) * sizeof(*h->connections));
	return c;
}

static void put_first(struct host *h, struct connection c)
{
	memmove(&h->connections[1], &h->connections[0], h->connections_n * sizeof(*h->connections));
	h->connections[0] = c;
	h->connections_n++;
}

/* The one that was used longest ago, but not that of the configuration. */
static struct connection take_oldest(struct host *h)
{
	const struct wanted usual = {h->config.cluster, own_user(h), false};
	size_t i = h->connections_n - 1;

	return take_out(h, i - connection_is_of(&h->connections[i], &usual));
}

/* Less than a request usually waits, where that is not much to ask of a cluster. */
static uint64_t look_us(uint64_t usual_us)
{
	uint64_t us = usual_us / 3 > LOOK_US ? usual_us / 3 : LOOK_US;

	return us < usual_us ? us : usual_us;
}

/* Under the lock. *old: what made room, if anything. */
static int connection_add(struct host *h, const struct wanted *w, struct connection *old,
			  struct err **e)
{
	bool is_default = !strcmp(w->cluster, h->config.cluster);
	struct cluster_config config = {
		.name = w->cluster,
		.user = *w->user ? w->user : NULL,
		.conf = is_default ? h->config.conf : NULL,
		.keyring = is_default && !strcmp(w->user, own_user(h)) ? h->config.keyring : NULL,
		.timeout_us = w->looks ? look_us(h->config.timeout_us) : h->config.timeout_us,
	};
	_cleanup_connection_ struct connection c = {strdup(w->cluster), strdup(w->user), w->looks,
						    NULL};
	int r = c.cluster && c.user ? cluster_new(&config, &c.c, e) : err_oom(e);

	if (r < 0)
		return r;
	if (h->connections_n == CONNECTIONS_MAX)
		*old = take_oldest(h);
	put_first(h, c);
	c = (struct connection){0};
	return 0;
}

static int find_cluster(struct host *h, const struct volume_request *req, bool looks,
			struct cluster **out, struct err **e)
{
	const struct wanted w = {
		.cluster = req->cluster ? req->cluster : h->config.cluster,
		.user = req->user ? req->user : own_user(h),
		.looks = looks,
	};
	/* Ended without the lock. Who works with it does so to his end. */
	_cleanup_connection_ struct connection old = {0};
	size_t i = 0;
	int r = 0;

	*out = NULL;
	WITH_LOCK(&h->lock);
	while (i < h->connections_n && !connection_is_of(&h->connections[i], &w))
		i++;
	if (i < h->connections_n)
		put_first(h, take_out(h, i));
	else
		r = connection_add(h, &w, &old, e);
	if (!r)
		*out = cluster_ref(h->connections[0].c);
	return r;
}

int host_cluster(struct host *h, const struct volume_request *req, struct cluster **out,
		 struct err **e)
{
	return find_cluster(h, req, false, out, e);
}

int host_cluster_to_look(struct host *h, const struct volume_request *req, struct cluster **out,
			 struct err **e)
{
	/* Where it would end no sooner, the usual one serves. */
	return find_cluster(h, req, look_us(h->config.timeout_us) < h->config.timeout_us, out, e);
}

int host_own_addresses(struct host *h, struct strlist *out, struct err **e)
{
	int r = 0;

	WITH_LOCK(&h->lock);
	for (size_t i = 0; r >= 0 && i < h->connections_n; i++) {
		_cleanup_free_ char *address = NULL;

		r = cluster_own_address(h->connections[i].c, &address, e);
		if (r > 0 && strlist_add(out, "%s", address) < 0)
			r = err_oom(e);
	}
	return r < 0 ? r : 0;
}
