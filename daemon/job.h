/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: what a request sets going, each on a thread of its own, so that a call that hangs (in the
 * kernel, in librbd) holds up nobody but its own volume.
 *
 * Jobs with the same key run one after the other, in the order they came. A request that is
 * identical to the last one of its key joins it. A waiter has a deadline; the job goes on without
 * it. All of it is guarded by one mutex in the queue, which is never held across a job's own work.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/strlist.h"
#include "base/trace.h"
#include "base/verb.h"
#include "volume/progress.h"

struct job_queue;
struct job;

/* Root's jobs and those of all other users are counted apart, so that no user can keep root out. */
struct job_limits {
	unsigned unfinished;	  /* running and queued together */
	unsigned reads;		  /* of these, without a key: they must not crowd out the changes */
	unsigned user_reads;	  /* of these, of one user other than root */
	unsigned finished;	  /* results that stay visible: of changes, and of reads */
	uint64_t finished_age_us; /* for how long */
	uint64_t stuck_us;	  /* in one step for longer, a job is called stuck */
};
extern const struct job_limits job_limits_default;

/* What to do. The strings are copied. ARG is taken over by job_submit in every case, and given to
 * FREE. */
struct job_task {
	enum verb verb;
	const char *volume;  /* as people know it; "" where it is about none */
	const char *key;     /* one job at a time for a key; NULL: a read, which waits for nobody */
	const char *subject; /* what job_cancel finds it by; NULL: nothing but its number */
	uid_t uid;	     /* of the user who asks */
	const char *identity; /* equal: the same request; NULL: never joined */
	/* From the job's start: the deadline in its progress. A read is to end then, a change need
	 * not: progress_check tells. */
	uint64_t timeout_us;
	/* On the job's thread. 0 and *result (malloc'ed, may stay NULL), or negative errno and *e.
	 */
	int (*run)(struct job *job, void *arg, char **result, struct err **e);
	void (*free)(void *arg);
	void *arg;
};

int job_queue_new(const struct job_limits *limits, struct job_queue **out, struct err **e);
/* PREPARE, in each job's thread before the job; where it fails the job has. Before the first. */
void job_queue_set_prepare(struct job_queue *q, int (*prepare)(struct err **e));
void job_queue_set_stuck(struct job_queue *q, uint64_t us);
/* Only when job_queue_stop said 0. */
void job_queue_free(struct job_queue *q);

/* Start or queue TASK, or join the identical one. *out is a reference, for job_unref. -EBUSY: too
 * many jobs, of the user or of all; -ESHUTDOWN: stopping. */
int job_submit(struct job_queue *q, const struct job_task *task, struct job **out, struct err **e);
struct job *job_find(struct job_queue *q, uint64_t id);
void job_unref(struct job *job);
DEFINE_CLEANUP(struct job *, job_unref)
#define _cleanup_job_ cleanup(job_unref_p)

/* 1: finished; 0: not by DEADLINE, or the queue gave up; *why then says what it is at ("in map for
 * 32 s"; the caller frees it, may be NULL). */
int job_wait(struct job *job, struct deadline deadline, char **why);
uint64_t job_id(const struct job *job);
/* Of a finished job, as long as the reference is held: one of the two is NULL, or both. */
const char *job_result(const struct job *job);
const struct err *job_error(const struct job *job);

/* References on jobs. */
struct jobs {
	struct job **items;
	size_t n;
};
void jobs_deinit(struct jobs *l);
#define _cleanup_jobs_ cleanup(jobs_deinit)

/* Have the jobs about SUBJECT end, or where that is NULL the one with the number ID: those that
 * wait are over at once, those that run when they next look whether they shall. How many there are,
 * or -ENOMEM; *out are those that run, a change first. */
int job_cancel(struct job_queue *q, const char *subject, uint64_t id, struct jobs *out);

/* For the job's own thread. */
struct progress *job_progress(struct job *job);
const struct strlist *job_notes(const struct job *job);
/* What it has cost so far. */
struct trace job_trace(struct job *job);

/* Take no more, refuse what is queued, give what runs until DEADLINE, then let go every waiter. How
 * many are running still. */
unsigned job_queue_stop(struct job_queue *q, struct deadline deadline);
