/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "daemon/job-internal.h"
#include "daemon/job-view.h"

static const char *const state_names[] = {
	[JOB_QUEUED] = "queued",
	[JOB_RUNNING] = "running",
	[JOB_DONE] = "done",
	[JOB_FAILED] = "failed",
};

const char *job_state_name(enum job_state state)
{
	return state_names[state];
}

/* "map for 32 s"; the caller frees it. */
static char *where(const struct job *j)
{
	uint64_t us = clock_now_us() - j->step_since_us;
	unsigned long long s = (us + USEC_PER_SEC / 2) / USEC_PER_SEC;
	const char *step = *j->step ? j->step : verb_name(j->task.verb);
	char *text;
	int r = j->done < 0 ? str_printf(&text, "in %s for %llu s", step, s)
			    : str_printf(&text, "in %s for %llu s, %.0f %% done", step, s,
					 100 * j->done);

	return r < 0 ? NULL : text;
}

/* Locked. */
char *job_explain(const struct job *j)
{
	_cleanup_free_ char *at = NULL;
	const struct job *first;
	char *text;

	if (j->state == JOB_RUNNING)
		return where(j);
	TAILQ_FOREACH(first, &j->queue->jobs, link)
		if (first->key && first->state == JOB_RUNNING && !strcmp(first->key, j->key))
			break;
	at = first ? where(first) : NULL;
	if (!at || str_printf(&text, "waiting for job %llu (%s, %s)", (unsigned long long)first->id,
			      verb_name(first->task.verb), at) < 0)
		return NULL;
	return text;
}

/* Locked. */
static bool is_stuck(const struct job *j)
{
	return j->state == JOB_RUNNING &&
	       clock_now_us() - j->step_since_us >= j->queue->limits.stuck_us;
}

/* The next job that is stuck and was not told yet, with a reference; NULL: no more. What is old
 * goes. */
static struct job *next_stuck(struct job_queue *q)
{
	struct job *j;

	WITH_LOCK(&q->lock);
	job_queue_forget(q);
	TAILQ_FOREACH(j, &q->jobs, link)
		if (is_stuck(j) && !j->told_stuck) {
			j->told_stuck = true;
			j->refs++;
			return j;
		}
	return NULL;
}

void job_queue_tend(struct job_queue *q, void (*tell)(const struct job_view *v))
{
	for (;;) {
		_cleanup_job_ struct job *j = next_stuck(q);
		_cleanup_job_view_ struct job_view v = {0};

		if (!j)
			return;
		if (job_view(j, &v) == 0)
			tell(&v);
	}
}

/* Locked. */
static int view_locked(const struct job *j, struct job_view *out)
{
	uint64_t now = clock_now_us();

	out->id = j->id;
	out->verb = j->task.verb;
	out->uid = j->task.uid;
	out->state = j->state;
	out->since = j->since;
	out->age_us = (job_finished(j) ? j->finished_us : now) - j->since_us;
	out->step_age_us = job_finished(j) ? 0 : now - j->step_since_us;
	out->stuck = is_stuck(j);
	out->trace = j->trace;
	out->volume = strdup(j->volume);
	out->progress = job_finished(j) ? -1 : j->done;
	out->step = *j->step ? strdup(j->step) : NULL;
	out->result = j->result ? strdup(j->result) : NULL;
	if (!out->volume || (*j->step && !out->step) || (j->result && !out->result))
		return -ENOMEM;
	for (size_t i = 0; i < j->notes.n; i++)
		if (strlist_add(&out->notes, "%s", j->notes.items[i]) < 0)
			return -ENOMEM;
	if (j->error)
		err_copy(j->error, &out->error);
	return 0;
}

int job_view(struct job *j, struct job_view *out)
{
	WITH_LOCK(&j->queue->lock);
	*out = (struct job_view){0};
	return view_locked(j, out);
}

void job_view_deinit(struct job_view *v)
{
	free(v->volume);
	free(v->step);
	strlist_deinit(&v->notes);
	free(v->result);
	err_free(v->error);
	*v = (struct job_view){0};
}

int job_queue_view(struct job_queue *q, struct job_views *out)
{
	size_t n = 0;
	struct job *j;

	WITH_LOCK(&q->lock);
	job_queue_forget(q);
	TAILQ_FOREACH(j, &q->jobs, link)
		n++;
	*out = (struct job_views){.items = calloc(n ? n : 1, sizeof(*out->items))};
	if (!out->items)
		return -ENOMEM;
	TAILQ_FOREACH(j, &q->jobs, link)
		if (view_locked(j, &out->items[out->n++]) < 0)
			return -ENOMEM;
	return 0;
}

void job_views_deinit(struct job_views *v)
{
	for (size_t i = 0; i < v->n; i++)
		job_view_deinit(&v->items[i]);
	free(v->items);
	*v = (struct job_views){0};
}
