/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvold's HTTP server on a socket of its own, for tests of what it answers: one at a time in a
 * program, in front of fake volumes. A failure fails the test. */
#pragma once

#include <jansson.h>

#include "daemon/http.h"
#include "daemon/service.h"
#include "daemon/socket.h"

/* For cmocka_run_group_tests: as its setup, after the front was chosen, and as its teardown. */
struct test_server {
	const struct front *front;
	int (*open)(const char *path, struct listener *out, struct err **e);
	uint64_t plugin_timeout_us;	 /* 0: the default */
	const char *const *plugin_pools; /* ends with NULL; NULL: none */

	/* While it runs: */
	char directory[32], path[64]; /* of its socket, alone in directory/run */
	struct service *service;
	struct http *http;
	struct listener listener;
};

int test_server_start(struct test_server *s);
int test_server_stop(struct test_server *s);

/* A connection; the caller closes it. */
int test_connect(const struct test_server *s);
void test_send(int fd, const char *text, size_t len);
/* All that comes until the end; the caller frees it. */
char *test_receive(int fd);
/* The status of the answer; *out (may be NULL) its JSON, a new reference. */
unsigned test_ask(const struct test_server *s, const char *method, const char *path,
		  const char *body, json_t **out);
