/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP/1.1 on a listening UNIX socket: a thread a connection, which may block in its call; limits;
 * who calls. */
#pragma once

#include "base/err.h"
#include "daemon/api.h"
#include "daemon/service.h"

struct http;

/* Speak FRONT for S on LISTEN_FD, which stays the caller's. */
int http_start(struct service *s, const struct front *front, int listen_fd, struct http **out,
	       struct err **e);
/* Accept no more; connections there are go on. */
void http_quiesce(struct http *h);
/* After http_quiesce, and when no call blocks any more: end the connections. */
void http_stop(struct http *h);
