/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/job-view.h"
#include "daemon/log.h"
#include "docker/job.h"
#include "docker/work.h"
#include "volume/progress.h"

#define JOB_US	 (120 * USEC_PER_SEC) /* mkfs and fsck take what they need */
#define TAKEN_US (5 * USEC_PER_SEC)   /* from the moment on that the job counts on its caller */
#define MISSED	 "nobody waited for its end"
#define BEFORE	 "the attempt before"
#define MISSED_S 120 /* older than that, an error is of another day */

enum { WAITING, TAKEN, GONE };

struct waiter {
	atomic_uint refs;
	atomic_int state;
};

static struct waiter *waiter_new(void)
{
	struct waiter *a = calloc(1, sizeof(*a));

	if (a)
		atomic_init(&a->refs, 1);
	return a;
}

static void waiter_unref(struct waiter *a)
{
	if (a && atomic_fetch_sub(&a->refs, 1) == 1)
		free(a);
}
DEFINE_CLEANUP(struct waiter *, waiter_unref)

static bool waiter_set(struct waiter *a, int state)
{
	int expected = WAITING;

	return atomic_compare_exchange_strong(&a->state, &expected, state);
}

bool waiter_take(struct waiter *a)
{
	return !a || waiter_set(a, TAKEN);
}

static bool waiter_is_gone(struct waiter *a)
{
	return a && atomic_load(&a->state) == GONE;
}

struct docker_work *docker_work_new(struct runtime *runtime, enum verb verb,
				    int (*act)(struct docker_work *, struct progress *,
					       struct err **),
				    const char *name, const char *id)
{
	struct docker_work *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct docker_work){
		.verb = verb,
		.act = act,
		.runtime = runtime_ref(runtime),
		.name = strdup(name),
		.id = id ? strdup(id) : NULL,
	};
	if (w->name && (w->id || !id))
		return w;
	docker_work_free(w);
	return NULL;
}

void docker_work_free(void *arg)
{
	struct docker_work *w = arg;

	runtime_unref(w->runtime);
	waiter_unref(w->waiter);
	free(w->name);
	free(w->id);
	spec_deinit(&w->spec);
	docker_options_deinit(&w->options);
	free(w->found);
	free(w);
}

static void log_end(const struct docker_work *w, struct job *job, uint64_t took_us,
		    const struct err *e)
{
	const struct trace trace = job_trace(job);
	_cleanup_free_ char *volume = w->spec.image ? spec_format(&w->spec) : NULL;
	const struct log_fields fields = {
		.volume = volume,
		.operation = verb_name(w->verb),
		.job = job_id(job),
		.duration_us = took_us,
		.trace = &trace,
		.error = e ? err_name(e->kind) : NULL,
	};
	int level = e ? LOG_WARNING : LOG_INFO;
	bool quiet = !w->spec.image || (e && e->kind == ERR_NOT_FOUND);

	for (size_t i = 0; i < job_notes(job)->n; i++)
		log_event(LOG_NOTICE, &fields, "%s", job_notes(job)->items[i]);
	log_event(quiet ? LOG_DEBUG : level, &fields, "container volume %s: %s: %s (%.2f s)",
		  w->name, fields.operation, e ? e->message : "done",
		  (double)took_us / USEC_PER_SEC);
}

/* --- what came out when nobody waited any more --- */

static bool is_missed(const struct job_view *v)
{
	time_t ended = v->since + (time_t)(v->age_us / USEC_PER_SEC);

	for (size_t i = 0; v->error && i < v->notes.n; i++)
		if (!strcmp(v->notes.items[i], MISSED))
			return time(NULL) - ended < MISSED_S;
	return false;
}

static int take_over(const struct err *error, struct err **e)
{
	bool known = !strncmp(error->message, BEFORE, strlen(BEFORE)); /* missed twice */
	int r = err_copy(error, e);

	return known ? r : err_wrap(e, BEFORE);
}

/* 0, or the error of the last job before JOB that did the same, if nobody was told of it. */
static int missed_error(const struct docker_work *w, const struct job *job, struct err **e)
{
	_cleanup_free_ char *volume = w->spec.image ? spec_format(&w->spec) : NULL;
	_cleanup_job_views_ struct job_views all = {0};

	if (!volume || job_queue_view(w->jobs, &all) < 0)
		return 0;
	for (size_t i = all.n; i-- > 0;) {
		const struct job_view *v = &all.items[i];

		if (v->id >= job_id(job) || v->verb != w->verb || strcmp(v->volume, volume))
			continue;
		return is_missed(v) ? take_over(v->error, e) : 0;
	}
	return 0;
}

static int act(struct docker_work *w, struct job *job, struct err **e)
{
	struct progress *p = job_progress(job);
	bool wanted = !waiter_is_gone(w->waiter), told;
	int r = missed_error(w, job, e);

	told = r < 0;
	if (!told && wanted)
		r = w->act(w, p, e);
	if (!told && !wanted)
		return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "the runtime did not wait for it");
	if (r < 0 && !waiter_take(w->waiter) && waiter_is_gone(w->waiter))
		p->note(p, MISSED);
	return r;
}

static int docker_job_run(struct job *job, void *arg, char **result, struct err **e)
{
	uint64_t start_us = clock_now_us();
	struct docker_work *w = arg;
	int r = act(w, job, e);

	log_end(w, job, clock_now_us() - start_us, *e);
	*result = steal(&w->found);
	return r < 0 ? r : 0;
}

static int submit(struct service *s, struct docker_work *w, struct job **out, struct err **e)
{
	_cleanup_free_ char *volume = w->spec.image ? spec_format(&w->spec) : strdup(w->name);
	_cleanup_free_ char *key = NULL;
	struct job_task task = {
		.verb = w->verb,
		.volume = volume,
		/* What nobody waits for is sent again and again while another job is at it. */
		.identity = w->waiter ? NULL : "let go",
		.timeout_us = JOB_US,
		.run = docker_job_run,
		.free = docker_work_free,
		.arg = w,
	};

	if (volume && w->spec.image)
		key = volume_key(w->runtime, NULL, volume);
	if (!volume || (w->spec.image && !key)) {
		docker_work_free(w);
		return err_oom(e);
	}
	w->jobs = service_jobs(s);
	task.subject = key;
	task.key = key;
	return job_submit(service_jobs(s), &task, out, e);
}

static int still_running(const struct job *job, const char *why, struct err **e)
{
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "still running: job %" PRIu64 "%s%s", job_id(job),
		why ? ", " : "", why ? why : "");
	return err_hint(e, "it goes on; ask again in a while, or see 'rbdvol jobs'");
}

/* What a finished job came to. */
static int take_result(const struct job *job, char **out, struct err **e)
{
	const struct err *error = job_error(job);

	if (error)
		return err_copy(error, e);
	if (!out || !job_result(job))
		return 0;
	*out = strdup(job_result(job));
	return *out ? 0 : err_oom(e);
}

int docker_run(struct service *s, struct docker_work *w, struct deadline deadline, char **out,
	       struct err **e)
{
	cleanup(waiter_unref_p) struct waiter *a = waiter_new();
	bool needs_caller = w->verb != VERB_DETACH;
	_cleanup_free_ char *why = NULL;
	_cleanup_job_ struct job *job = NULL;
	int r;

	if (!a) {
		docker_work_free(w);
		return err_oom(e);
	}
	atomic_fetch_add(&a->refs, 1);
	w->waiter = a;
	r = submit(s, w, &job, e);
	if (r < 0)
		return r;
	r = job_wait(job, deadline, &why);
	if (!r && needs_caller && !waiter_set(a, GONE)) {
		free(steal(&why));
		r = job_wait(job, deadline_in(TAKEN_US), &why);
	}
	return r ? take_result(job, out, e) : still_running(job, why, e);
}

void docker_send(struct service *s, struct docker_work *w)
{
	_cleanup_job_ struct job *job = NULL;
	_cleanup_err_ struct err *ignored = NULL; /* too many jobs: the next round finds it */

	submit(s, w, &job, &ignored);
}
