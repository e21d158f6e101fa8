/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/thread.h"
#include "daemon/job-internal.h"
#include "daemon/job-view.h"
#include "volume/progress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct job_limits job_limits_default = {
	.unfinished = 256,
	.reads = 128,
	.user_reads = 32,
	.finished = 64,
	.finished_age_us = 600 * USEC_PER_SEC,
	.stuck_us = 60 * USEC_PER_SEC,
};

int job_queue_new(const struct job_limits *limits, struct job_queue **out, struct err **e)
{
	struct job_queue *q = calloc(1, sizeof(*q));

	if (!q)
		return err_oom(e);
	q->limits = *limits;
	TAILQ_INIT(&q->jobs);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->idle, NULL);
	*out = q;
	return 0;
}

void job_queue_set_prepare(struct job_queue *q, int (*prepare)(struct err **e))
{
	q->prepare = prepare;
}

void job_queue_set_stuck(struct job_queue *q, uint64_t us)
{
	WITH_LOCK(&q->lock);
	q->limits.stuck_us = us;
}

static void job_free(struct job *j)
{
	if (j->task.free)
		j->task.free(j->task.arg);
	pthread_cond_destroy(&j->changed);
	free(j->volume);
	free(j->key);
	free(j->identity);
	free(j->subject);
	strlist_deinit(&j->notes);
	free(j->result);
	err_free(j->error);
	free(j);
}

void job_unref_locked(struct job *j)
{
	if (!--j->refs)
		job_free(j);
}

void job_unref(struct job *j)
{
	struct job_queue *q;

	if (!j)
		return;
	q = j->queue;
	WITH_LOCK(&q->lock);
	job_unref_locked(j);
}

void job_drop(struct job_queue *q, struct job *j)
{
	TAILQ_REMOVE(&q->jobs, j, link);
	job_unref_locked(j);
}

/* Reads are counted apart: who may only look cannot push out the results of changes. */
void job_queue_forget(struct job_queue *q)
{
	uint64_t now = clock_now_us();
	unsigned reads = 0, changes = 0;
	struct job *j, *next;

	TAILQ_FOREACH(j, &q->jobs, link)
		if (job_finished(j))
			++*(j->key ? &changes : &reads);
	for (j = TAILQ_FIRST(&q->jobs); j; j = next) {
		unsigned *n = j->key ? &changes : &reads;

		next = TAILQ_NEXT(j, link);
		if (!job_finished(j))
			continue;
		if (*n <= q->limits.finished && now - j->finished_us < q->limits.finished_age_us)
			continue;
		job_drop(q, j);
		--*n;
	}
}

void job_queue_free(struct job_queue *q)
{
	struct job *j;

	if (!q)
		return;
	while ((j = TAILQ_FIRST(&q->jobs)))
		job_drop(q, j);
	pthread_cond_destroy(&q->idle);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static void on_step(struct progress *p, const char *step)
{
	struct job *j = (struct job *)p;

	WITH_LOCK(&j->queue->lock);
	snprintf(j->step, sizeof(j->step), "%s", step);
	trace_step(&j->trace, step);
	j->step_since_us = clock_now_us();
	j->done = -1;
	j->told_stuck = false;
}

static void on_done(struct progress *p, uint64_t done, uint64_t total)
{
	struct job *j = (struct job *)p;

	WITH_LOCK(&j->queue->lock);
	j->done = total ? (double)done / (double)total : -1;
}

static void on_note(struct progress *p, const char *sentence)
{
	struct job *j = (struct job *)p;

	WITH_LOCK(&j->queue->lock);
	strlist_add(&j->notes, "%s", sentence);
}

static bool is_cancelled(struct progress *p)
{
	return atomic_load(&((struct job *)p)->cancelled);
}

static void start(struct job_queue *q, struct job *j);

/* Locked. E and RESULT are taken. */
static void job_finish(struct job_queue *q, struct job *j, char *result, struct err *error)
{
	bool read = !j->key;

	j->result = result;
	j->error = error;
	j->finished_us = clock_now_us();
	j->state = error ? JOB_FAILED : JOB_DONE;
	pthread_cond_broadcast(&j->changed);
	if (read && !j->asked_later)
		job_drop(q, j);
}

/* The next job of KEY that waits, if nobody runs. Locked. */
static void start_next(struct job_queue *q, const char *key)
{
	struct job *j;

	TAILQ_FOREACH(j, &q->jobs, link)
		if (j->key && !job_finished(j) && !strcmp(j->key, key))
			break;
	if (j && j->state == JOB_QUEUED && !q->stopping)
		start(q, j);
}

/* So that ps and /proc show what hangs; at most 15 bytes. */
static void name_thread(const struct job *j)
{
	char name[16];

	snprintf(name, sizeof(name), "job-%s", verb_name(j->task.verb));
	pthread_setname_np(pthread_self(), name);
}

/* What comes before the first step. */
static void begin_trace(struct job *j)
{
	WITH_LOCK(&j->queue->lock);
	trace_step(&j->trace, "begin");
}

static void *thread_main(void *arg)
{
	struct job *j = arg;
	struct job_queue *q = j->queue;
	struct err *error = NULL;
	char *result = NULL;
	int r;

	name_thread(j);
	begin_trace(j);
	r = q->prepare ? q->prepare(&error) : 0;
	if (r >= 0)
		r = j->task.run(j, j->task.arg, &result, &error);

	if (r < 0 && !error)
		err_errno(&error, r, "%s failed without a reason", verb_name(j->task.verb));
	/* What the task holds goes now, not when the last one has read the result. */
	if (j->task.free)
		j->task.free(j->task.arg);
	j->task.free = NULL;

	WITH_LOCK(&q->lock);
	trace_end(&j->trace);
	job_finish(q, j, result, error);
	if (j->key)
		start_next(q, j->key);
	job_queue_forget(q);
	job_unref_locked(j);
	q->running--;
	pthread_cond_broadcast(&q->idle);
	return NULL;
}

/* Locked. A job that cannot be started has failed, and so may its successors have. */
static void start(struct job_queue *q, struct job *j)
{
	struct err *error = NULL;
	int r;

	j->state = JOB_RUNNING;
	j->step[0] = '\0';
	j->step_since_us = clock_now_us();
	j->progress.deadline = deadline_in(j->task.timeout_us);
	j->refs++;
	q->running++;
	r = thread_start(thread_main, j);
	if (!r)
		return;
	q->running--;
	err_errno(&error, r, "no thread for job %llu", (unsigned long long)j->id);
	job_finish(q, j, NULL, error);
	if (j->key)
		start_next(q, j->key);
	job_unref_locked(j);
}

static int job_new(struct job_queue *q, const struct job_task *task, struct job **out,
		   struct err **e)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j) {
		if (task->free)
			task->free(task->arg);
		return err_oom(e);
	}
	pthread_cond_init(&j->changed, NULL);
	j->task = *task;
	j->queue = q;
	j->volume = strdup(task->volume);
	j->key = task->key ? strdup(task->key) : NULL;
	j->identity = task->identity ? strdup(task->identity) : NULL;
	j->subject = task->subject ? strdup(task->subject) : NULL;
	if (!j->volume || (task->key && !j->key) || (task->identity && !j->identity) ||
	    (task->subject && !j->subject)) {
		job_free(j);
		return err_oom(e);
	}
	j->task.volume = j->volume;
	j->task.key = j->key;
	j->task.identity = j->identity;
	j->task.subject = j->subject;
	j->progress.ends = !j->key;
	j->progress.yields = task->uid != 0;
	j->progress.step = on_step;
	j->progress.done = on_done;
	j->done = -1;
	j->progress.note = on_note;
	j->progress.cancelled = is_cancelled;
	j->since = time(NULL);
	j->since_us = clock_now_us();
	j->step_since_us = j->since_us;
	*out = j;
	return 0;
}

/* The newest unfinished job of KEY, or NULL. Only the newest can be joined: what comes after
 * another request must also happen after it. */
static struct job *last_of_key(struct job_queue *q, const char *key)
{
	struct job *j;

	TAILQ_FOREACH_REVERSE(j, &q->jobs, job_head, link)
		if (j->key && !job_finished(j) && !strcmp(j->key, key))
			return j;
	return NULL;
}

/* The unfinished jobs that count against those of a user. */
struct load {
	unsigned unfinished, reads; /* of root, or of all others */
	unsigned user_reads;	    /* of the user */
};

static struct load load_of(struct job_queue *q, uid_t uid)
{
	struct load load = {0};
	struct job *j;

	TAILQ_FOREACH(j, &q->jobs, link) {
		if (job_finished(j) || !j->task.uid != !uid)
			continue;
		load.unfinished++;
		load.reads += !j->key;
		load.user_reads += !j->key && j->task.uid == uid;
	}
	return load;
}

static int check_room(struct job_queue *q, uid_t uid, bool read, struct err **e)
{
	struct load load = load_of(q, uid);
	bool many_of_user = read && uid && load.user_reads >= q->limits.user_reads;
	bool many_reads = read && load.reads >= q->limits.reads;

	if (q->stopping)
		return err_set(e, ERR_UNREACHABLE, -ESHUTDOWN, "rbdvold is stopping");
	if (load.unfinished < q->limits.unfinished && !many_reads && !many_of_user)
		return 0;
	if (many_of_user)
		err_set(e, ERR_BUSY, -EBUSY,
			"%u requests of user %u that only look are under way already, the most "
			"that rbdvold takes of one user",
			load.user_reads, (unsigned)uid);
	else
		err_set(e, ERR_BUSY, -EBUSY,
			"%u requests%s are under way already, the most that rbdvold takes",
			many_reads ? load.reads : load.unfinished,
			many_reads ? " that only look" : "");
	return err_hint(e, "see 'rbdvol jobs'; 'rbdvol cancel' cancels one");
}

/* A trim can take hours, and nothing is lost where it ends early: it gives way to whatever else is
 * asked of its volume. Locked. */
static void end_trim(struct job_queue *q, const struct job *next)
{
	struct job *j;

	if (next->task.verb == VERB_TRIM)
		return;
	TAILQ_FOREACH(j, &q->jobs, link)
		if (j->key && j->state == JOB_RUNNING && j->task.verb == VERB_TRIM &&
		    !strcmp(j->key, next->key))
			atomic_store(&j->cancelled, true);
}

/* Locked. J is put at the end and started when it may; the caller gets a reference. */
static void enqueue(struct job_queue *q, struct job *j, const struct job *before)
{
	if (before)
		end_trim(q, j);
	j->id = ++q->last_id;
	j->refs = 2; /* the queue's and the caller's */
	TAILQ_INSERT_TAIL(&q->jobs, j, link);
	if (!before)
		start(q, j);
}

/* 1: J is under way; 0: *joined is, and J is not needed. */
static int submit(struct job_queue *q, struct job *j, struct job **joined, struct err **e)
{
	struct job *last;
	int r;

	WITH_LOCK(&q->lock);
	last = j->key ? last_of_key(q, j->key) : NULL;
	if (last && j->identity && last->identity && !strcmp(last->identity, j->identity)) {
		last->refs++;
		*joined = last;
		return 0;
	}
	r = check_room(q, j->task.uid, !j->key, e);
	if (r < 0)
		return r;
	enqueue(q, j, last);
	return 1;
}

int job_submit(struct job_queue *q, const struct job_task *task, struct job **out, struct err **e)
{
	struct job *j = NULL;
	int r = job_new(q, task, &j, e);

	if (r < 0)
		return r;
	*out = j;
	r = submit(q, j, out, e);
	if (r == 1)
		return 0;
	if (r < 0)
		*out = NULL;
	job_free(j); /* not under the lock: it ends what the task holds */
	return r;
}

struct job *job_find(struct job_queue *q, uint64_t id)
{
	struct job *j;

	WITH_LOCK(&q->lock);
	TAILQ_FOREACH(j, &q->jobs, link)
		if (j->id == id) {
			j->refs++;
			return j;
		}
	return NULL;
}

void jobs_deinit(struct jobs *l)
{
	for (size_t i = 0; i < l->n; i++)
		job_unref(l->items[i]);
	free(l->items);
	*l = (struct jobs){0};
}

static bool is_meant(const struct job *j, const char *subject, uint64_t id)
{
	if (job_finished(j))
		return false;
	return subject ? j->subject && !strcmp(j->subject, subject) : j->id == id;
}

/* Locked. There is room in RUNNING. */
static void cancel_one(struct job_queue *q, struct job *j, struct jobs *running)
{
	struct err *error = NULL;

	atomic_store(&j->cancelled, true);
	if (j->state == JOB_QUEUED) {
		err_set(&error, ERR_FAILED, -ECANCELED, "cancelled; nothing was done");
		job_finish(q, j, NULL, error);
		return;
	}
	j->refs++;
	running->items[running->n++] = j;
	if (!j->key)
		return;
	running->items[running->n - 1] = running->items[0];
	running->items[0] = j;
}

int job_cancel(struct job_queue *q, const char *subject, uint64_t id, struct jobs *out)
{
	struct job *j, *next;
	int n = 0;

	*out = (struct jobs){0};
	WITH_LOCK(&q->lock);
	TAILQ_FOREACH(j, &q->jobs, link)
		n += is_meant(j, subject, id);
	out->items = calloc((size_t)n + 1, sizeof(struct job *));
	if (!out->items)
		return -ENOMEM;
	for (j = TAILQ_FIRST(&q->jobs); j; j = next) {
		next = TAILQ_NEXT(j, link);
		if (is_meant(j, subject, id))
			cancel_one(q, j, out);
	}
	return n;
}

int job_wait(struct job *j, struct deadline deadline, char **why)
{
	struct job_queue *q = j->queue;

	*why = NULL;
	WITH_LOCK(&q->lock);
	while (!job_finished(j) && !q->given_up)
		if (deadline_wait(&j->changed, &q->lock, deadline) && deadline_passed(deadline))
			break;
	if (job_finished(j))
		return 1;
	j->asked_later = true;
	*why = job_explain(j);
	return 0;
}

uint64_t job_id(const struct job *j)
{
	return j->id;
}

const char *job_result(const struct job *j)
{
	return j->result;
}

const struct err *job_error(const struct job *j)
{
	return j->error;
}

struct progress *job_progress(struct job *j)
{
	return &j->progress;
}

const struct strlist *job_notes(const struct job *j)
{
	return &j->notes;
}

struct trace job_trace(struct job *j)
{
	WITH_LOCK(&j->queue->lock);
	trace_end(&j->trace);
	return j->trace;
}

unsigned job_queue_stop(struct job_queue *q, struct deadline deadline)
{
	struct job *j, *next;

	WITH_LOCK(&q->lock);
	q->stopping = true;
	for (j = TAILQ_FIRST(&q->jobs); j; j = next) {
		struct err *error = NULL;

		next = TAILQ_NEXT(j, link);
		if (j->state != JOB_QUEUED)
			continue;
		err_set(&error, ERR_UNREACHABLE, -ESHUTDOWN,
			"rbdvold is stopping; nothing was done");
		job_finish(q, j, NULL, error);
	}
	while (q->running)
		if (deadline_wait(&q->idle, &q->lock, deadline) && deadline_passed(deadline))
			break;
	q->given_up = true;
	TAILQ_FOREACH(j, &q->jobs, link)
		pthread_cond_broadcast(&j->changed);
	return q->running;
}
