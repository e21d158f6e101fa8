/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes of the API, version 1, without HTTP: a call in, an answer out. */
#pragma once

#include "daemon/route.h"
#include "daemon/service.h"

extern const struct route api_routes[];
extern const size_t api_routes_n;

/* What is asked, parsed and authorised. Owns its parts but the service. */
struct call {
	struct service *service;
	struct runtime *runtime; /* in effect when the call came */
	enum verb verb;
	char *subject; /* decoded; NULL where the route has none */
	struct volume_request req;
};
void call_deinit(struct call *c);
#define _cleanup_call_ cleanup(call_deinit)

/* How long the call may wait for its job, in µs. */
uint64_t call_timeout_us(const struct call *c);

struct answer {
	unsigned status;
	char *body;  /* JSON; the receiver's; NULL when out of memory */
	char *allow; /* for status 405: the methods that would do */
};
/* Make E the answer, with its kind's status. VOLUME may be NULL, JOB 0. */
void answer_error(struct answer *a, const struct err *e, const char *volume, uint64_t job);
