/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/service.h"
#include "base/lock.h"
#include "base/str.h"
#include "volume/host.h"

#include <errno.h>
#include <pthread.h>

struct service {
	pthread_mutex_t lock; /* guards the pointer */
	struct runtime *runtime;
	struct job_queue *jobs;
};

static struct host_config host_config_of(const struct config *c)
{
	return (struct host_config){
		.cluster = c->cluster,
		.user = c->user,
		.conf = c->conf,
		.keyring = c->keyring,
		.pool = c->pool,
		.map_options = c->map_options,
		.timeout_us = c->cluster_timeout_us,
		.trims_at_once = (unsigned)c->trims_at_once,
	};
}

int config_files(const struct config *config, struct strlist *out, struct err **e)
{
	const struct host_config host = host_config_of(config);

	return host_files(&host, out, e);
}

static int runtime_new(struct config *config, struct runtime *before, struct runtime **out,
		       struct err **e)
{
	_cleanup_runtime_ struct runtime *r = calloc(1, sizeof(*r));
	struct host_config host;
	int ret;

	if (!r)
		return err_oom(e);
	atomic_init(&r->refs, 1);
	r->config = *config;
	*config = (struct config){0};
	host = host_config_of(&r->config);
	ret = host_new(&host, before ? before->host : NULL, &r->host, e);
	if (ret < 0)
		return ret;
	*out = steal(&r);
	return 0;
}

struct runtime *runtime_ref(struct runtime *r)
{
	atomic_fetch_add(&r->refs, 1);
	return r;
}

void runtime_unref(struct runtime *r)
{
	if (!r || atomic_fetch_sub(&r->refs, 1) > 1)
		return;
	if (r->host)
		host_free(r->host);
	config_deinit(&r->config);
	free(r);
}

char *volume_key(const struct runtime *r, const char *cluster, const char *name)
{
	char *key;

	str_printf(&key, "%s %s", cluster ? cluster : r->config.cluster, name);
	return key;
}

int service_new(struct config *config, struct service **out, struct err **e)
{
	struct service *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_oom(e);
	pthread_mutex_init(&s->lock, NULL);
	r = runtime_new(config, NULL, &s->runtime, e);
	if (!r)
		r = job_queue_new(&job_limits_default, &s->jobs, e);
	if (r < 0) {
		service_free(s);
		return r;
	}
	job_queue_set_stuck(s->jobs, s->runtime->config.stuck_us);
	*out = s;
	return 0;
}

void service_free(struct service *s)
{
	if (!s)
		return;
	job_queue_free(s->jobs);
	runtime_unref(s->runtime);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int service_reload(struct service *s, struct config *config, struct err **e)
{
	/* Only the main thread reloads, so it is the one to be replaced until then. */
	struct runtime *next = NULL, *before = s->runtime;
	int r = runtime_new(config, before, &next, e);

	if (r < 0)
		return r;
	pthread_mutex_lock(&s->lock);
	s->runtime = next;
	pthread_mutex_unlock(&s->lock);
	job_queue_set_stuck(s->jobs, next->config.stuck_us);
	runtime_unref(before);
	return 0;
}

struct runtime *service_runtime(struct service *s)
{
	WITH_LOCK(&s->lock);
	return runtime_ref(s->runtime);
}

struct job_queue *service_jobs(struct service *s)
{
	return s->jobs;
}
