/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes of the API, version 1, without HTTP: a call in, an answer out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/request.h"
#include "base/verb.h"
#include "daemon/route.h"
#include "daemon/service.h"

/* A protocol spoken over HTTP on a socket of its own. */
struct front {
	const struct route *routes;
	size_t routes_n;
	const char *content_type;
	/* The handlers take options from the body themselves; else it is a JSON object of request
	 * options. */
	bool raw;
	/* Make E the answer; SUBJECT may be NULL. */
	void (*refuse)(struct answer *a, const struct err *e, const char *subject);
};
extern const struct front api_front;

/* What is asked, parsed and authorised. Owns its parts but the service. */
struct call {
	struct service *service;
	struct runtime *runtime; /* in effect when the call came */
	enum verb verb;
	char *subject; /* decoded; NULL where the route has none */
	struct volume_request req;
	/* By the kernel's word, at the time of its connection. */
	pid_t caller;
	uid_t uid;
	const char *body; /* of a raw front; borrowed, not terminated */
	size_t body_len;
};
void call_deinit(struct call *c);
#define _cleanup_call_ cleanup(call_deinit)

/* May its caller choose the Ceph user and the cluster that it names? Root may, others what is
 * configured. -EPERM (not permitted). */
int call_check_choice(const struct call *c, struct err **e);

/* How long the call may wait for its job, in µs. */
uint64_t call_timeout_us(const struct call *c);

/* The subject as a job's number. -EINVAL (usage). */
int call_job_id(const struct call *c, uint64_t *out, struct err **e);

struct answer {
	unsigned status;
	char *body;  /* JSON; the receiver's; NULL when out of memory */
	char *allow; /* for status 405: the methods that would do */
};
/* Make E the answer, with its kind's status. VOLUME may be NULL, JOB 0. */
void answer_error(struct answer *a, const struct err *e, const char *volume, uint64_t job);
