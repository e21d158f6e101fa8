/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs as others see them: copies of their state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strlist.h"
#include "base/trace.h"
#include "base/verb.h"

struct job_queue;
struct job;

/* With the lock held: where an unfinished job is; the caller frees it, may be NULL. */
char *job_explain(const struct job *j);

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED };
const char *job_state_name(enum job_state state);

/* A copy of what there is to see of a job. */
struct job_view {
	uint64_t id;
	enum verb verb;
	char *volume;
	uid_t uid;
	enum job_state state;
	char *step;	      /* or NULL */
	double progress;      /* of the step, 0 to 1; negative: not known */
	uint64_t step_age_us; /* in this step, or waiting */
	bool stuck;	      /* in one step for longer than job_limits says */
	time_t since;	      /* asked for */
	uint64_t age_us;      /* since then, or until it was finished */
	struct trace trace;   /* of the steps that have ended */
	struct strlist notes;
	char *result;
	struct err *error;
};
int job_view(struct job *job, struct job_view *out);
void job_view_deinit(struct job_view *v);
#define _cleanup_job_view_ cleanup(job_view_deinit)
struct job_views {
	struct job_view *items;
	size_t n;
};
/* Every job there is, oldest first. 0 or -ENOMEM. */
int job_queue_view(struct job_queue *q, struct job_views *out);
void job_views_deinit(struct job_views *v);
#define _cleanup_job_views_ cleanup(job_views_deinit)

/* Forget what is past its age; tell jobs that are stuck, each step once, to STUCK. */
void job_queue_tend(struct job_queue *q, void (*stuck)(const struct job_view *v));
