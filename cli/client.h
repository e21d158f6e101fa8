/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request to rbdvold: HTTP over its UNIX socket, a connection each. HTTP/1.0 is spoken, so that
 * the answer ends where the connection does; this needs no HTTP library and starts in no time. */
#pragma once

#include <jansson.h>

#include "base/deadline.h"
#include "base/err.h"

/* A connection to the daemon's socket at PATH; negative with words on who to start or to ask. */
int client_connect(const char *path, struct deadline deadline, struct err **e);

/* Send METHOD for TARGET (encoded, with its query) with BODY (NULL: none) over FD and read the
 * answer to its end. Results as of answer_parse. FD stays the caller's. */
int client_exchange(int fd, const char *method, const char *target, const json_t *body,
		    struct deadline deadline, json_t **out, struct err **e);

/* TEXT with everything but unreserved characters as %XX, for one segment of a path or a query's
 * value. The caller frees it; NULL when out of memory. */
char *client_encode(const char *text);
