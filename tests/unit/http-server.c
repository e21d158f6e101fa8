/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/http-server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "tests/unit/fake-volume.h"

#define ANSWER_MAX (1 << 20) /* bytes: more than any answer has */

int test_server_start(struct test_server *s)
{
	struct config config = {0};
	struct err *e = NULL;

	snprintf(s->directory, sizeof(s->directory), "/tmp/rbdvol-test-XXXXXX");
	if (!mkdtemp(s->directory))
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/run/a.sock", s->directory);
	assert_int_equal(config_load("/nonexistent", false, &config, &e), 0);
	if (s->plugin_timeout_us)
		config.plugin_timeout_us = s->plugin_timeout_us;
	for (const char *const *p = s->plugin_pools; p && *p; p++)
		assert_int_equal(strlist_add(&config.plugin_pools, "%s", *p), 0);
	assert_int_equal(s->open(s->path, &s->listener, &e), 0);
	assert_int_equal(service_new(&config, &s->service, &e), 0);
	assert_int_equal(http_start(s->service, s->front, s->listener.fd, &s->http, &e), 0);
	return 0;
}

int test_server_stop(struct test_server *s)
{
	char run[64];

	http_quiesce(s->http);
	listener_close(&s->listener);
	assert_int_equal(job_queue_stop(service_jobs(s->service), deadline_in(5 * USEC_PER_SEC)),
			 0);
	http_stop(s->http);
	service_free(s->service);
	assert_int_equal(atomic_load(&fake.hosts), 0);
	snprintf(run, sizeof(run), "%s/run", s->directory);
	return remove(run) || remove(s->directory);
}

int test_connect(const struct test_server *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, s->path, strlen(s->path));
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void test_send(int fd, const char *text, size_t len)
{
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

char *test_receive(int fd)
{
	char *text = calloc(1, ANSWER_MAX);
	size_t n = 0;
	ssize_t r;

	while ((r = recv(fd, text + n, ANSWER_MAX - 1 - n, 0)) > 0)
		n += (size_t)r;
	return text;
}

unsigned test_ask(const struct test_server *s, const char *method, const char *path,
		  const char *body, json_t **out)
{
	_cleanup_free_ char *request = NULL, *answer = NULL;
	_cleanup_close_ int fd = test_connect(s);
	const char *text;
	unsigned status;

	assert_true(asprintf(&request, "%s %s HTTP/1.0\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
			     method, path, strlen(body), body) > 0);
	test_send(fd, request, strlen(request));
	answer = test_receive(fd);
	assert_int_equal(sscanf(answer, "HTTP/1.%*d %u", &status), 1);
	text = strstr(answer, "\r\n\r\n");
	assert_non_null(text);
	if (out) {
		*out = json_loads(text + 4, 0, NULL);
		assert_non_null(*out);
	}
	return status;
}
