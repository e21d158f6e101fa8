/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which entry of a table a request means, and the decoding of what stands in its path. No I/O. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/request.h"
#include "daemon/peer.h"

struct call;
struct answer;

struct route {
	const char *method;
	const char *path; /* '*' stands for one segment that is not empty: the call's subject */
	enum verb verb;	  /* whose options the request takes */
	enum access access;
	void (*handle)(struct call *call, struct answer *answer);
};

/* The route of METHOD (HEAD is GET) and the raw PATH; *segment is where '*' matched, *len its
 * length. NULL: none; *allow then lists the methods that PATH has ("GET, PUT"; the caller frees
 * it), or is NULL. */
const struct route *route_find(const struct route *table, size_t n, const char *method,
			       const char *path, const char **segment, size_t *len, char **allow);

/* TEXT with each %NN decoded. -EINVAL (usage): a broken sequence, a NUL. The caller frees *out. */
int percent_decode(const char *text, size_t len, char **out, struct err **e);
