/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What job.c (running) and job-view.c (looking) share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/lock.h"
#include "base/strlist.h"
#include "base/trace.h"
#include "daemon/job-view.h"
#include "daemon/job.h"
#include "volume/progress.h"

/* 'struct job' begins with its progress, so that a step knows its job. Fields from 'state' on are
 * guarded by the queue's lock; those before it do not change; result and error are written once,
 * before the state says finished. */
struct job {
	struct progress progress;
	atomic_bool cancelled;
	struct job_queue *queue;
	uint64_t id;
	char *volume;
	char *key;
	char *identity;
	char *subject;
	struct job_task task; /* its strings are the ones above */
	time_t since;
	uint64_t since_us;

	enum job_state state;
	unsigned refs;
	pthread_cond_t changed;
	char step[160]; /* empty before the first */
	uint64_t step_since_us;
	double done; /* of the step, 0 to 1; negative: not known */
	bool told_stuck;
	bool asked_later; /* somebody was given the id instead of the answer */
	uint64_t finished_us;
	struct trace trace;
	struct strlist notes;
	char *result;
	struct err *error;
	TAILQ_ENTRY(job) link;
};

struct job_queue {
	struct job_limits limits;
	int (*prepare)(struct err **e); /* or NULL */
	pthread_mutex_t lock;
	pthread_cond_t idle; /* a thread has gone */
	uint64_t last_id;
	unsigned running; /* threads */
	bool stopping;
	bool given_up;
	TAILQ_HEAD(job_head, job) jobs; /* oldest first; the queue has a reference on each */
};

static inline bool job_finished(const struct job *j)
{
	return j->state == JOB_DONE || j->state == JOB_FAILED;
}

/* job.c; all of these with the lock held. */
void job_unref_locked(struct job *j);
/* Take J out of the queue's list. */
void job_drop(struct job_queue *q, struct job *j);
/* Drop the finished jobs that are too old, or too many; the oldest go first. */
void job_queue_forget(struct job_queue *q);
