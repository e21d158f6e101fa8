/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client over a socket: good answers, errors, garbage, silence. The other end is a line of this
 * program, since what counts here is what a broken or hostile daemon could send. */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cli/answer.h"
#include "tests/unit/unit.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

/* Have ANSWER lie ready, then exchange; the request that came is left in REQUEST. */
static int exchange(const char *answer, size_t len, const json_t *body, char *request, size_t room,
		    json_t **out, struct err **e)
{
	_cleanup_close_ int near_end = -1, far_end = -1;
	int fds[2], r;
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	near_end = fds[0];
	far_end = fds[1];
	assert_int_equal(send(far_end, answer, len, 0), len);
	shutdown(far_end, SHUT_WR);
	r = client_exchange(near_end, "POST", "/v1/volumes/a/attach", body,
			    deadline_in(5 * USEC_PER_SEC), out, e);
	n = recv(far_end, request, room - 1, MSG_DONTWAIT);
	request[n > 0 ? n : 0] = '\0';
	return r;
}

static int answer_only(const char *answer, size_t len, json_t **out, struct err **e)
{
	char request[1024];

	return exchange(answer, len, NULL, request, sizeof(request), out, e);
}

static void a_request_is_http_and_its_answer_json(void **state)
{
	static const char answer[] = OK_HEAD "Content-Length: 18\r\n\r\n{\"link\":\"/dev/xy\"}";
	_cleanup_json_ json_t *body = json_pack("{s:s}", "from", "golden"), *out = NULL;
	char request[1024];

	(void)state;
	assert_works(exchange(answer, strlen(answer), body, request, sizeof(request), &out, &e));
	assert_string_equal(json_string_value(json_object_get(out, "link")), "/dev/xy");
	assert_ptr_equal(strstr(request, "POST /v1/volumes/a/attach HTTP/1.0\r\n"), request);
	assert_non_null(strstr(request, "\r\nContent-Length: 17\r\n"));
	assert_non_null(strstr(request, "\r\n\r\n{\"from\":\"golden\"}"));
}

static void an_answer_without_length_ends_with_the_connection(void **state)
{
	static const char answer[] = OK_HEAD "\r\n{\"jobs\":[]}";
	_cleanup_json_ json_t *out = NULL;

	(void)state;
	assert_works(answer_only(answer, strlen(answer), &out, &e));
	assert_true(json_is_array(json_object_get(out, "jobs")));
}

static void the_daemons_error_keeps_its_kind_words_and_hint(void **state)
{
	static const char answer[] =
		"HTTP/1.1 423 Locked\r\n\r\n{\"error\":{\"code\":\"held\",\"message\":\"rbd/a is "
		"held by h2\",\"hint\":\"wait\",\"job\":17}}";
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *out = NULL;

	(void)state;
	assert_true(answer_only(answer, strlen(answer), &out, &e) < 0);
	assert_int_equal(e->kind, ERR_HELD);
	assert_string_equal(e->message, "rbd/a is held by h2");
	assert_string_equal(e->hint, "wait");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(out, "error"), "job")),
			 17);
}

static void garbage_is_an_error(void **state)
{
	static const struct {
		const char *answer, *reason;
	} answers[] = {
		{"", "without any"},
		{"SSH-2.0-OpenSSH_9.2\r\n", "within its head"},
		{"HTTP/1.1 200 OK\r\n", "within its head"},
		{"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP"},
		{"HTTP/1.1 2x0 OK\r\n\r\n{}", "not HTTP"},
		{"HTTP/1.1 20\r\n\r\n{}", "not HTTP"},
		{"HTTP/1.1 100 Continue\r\n\r\n{}", "not HTTP"},
		{"HTTP/2 200 OK\r\n\r\n{}", "not HTTP"},
		{"\r\n\r\n", "not HTTP"},
		{OK_HEAD "\r\n", "not a JSON object"},
		{OK_HEAD "\r\n{", "not a JSON object"},
		{OK_HEAD "\r\n[]", "not a JSON object"},
		{OK_HEAD "\r\n{\"a\":1,\"a\":2}", "not a JSON object"},
		{OK_HEAD "\r\n{\"a\":\"\xff\"}", "not a JSON object"},
		{OK_HEAD "Content-Length: 20\r\n\r\n{}", "truncated"},
		{OK_HEAD "content-length: 99999999999999999999999\r\n\r\n{}", "truncated"},
		{"HTTP/1.1 500 Oops\r\n\r\n<html>", "HTTP status 500"},
		{"HTTP/1.1 404 Not Found\r\n\r\n{}", "HTTP status 404"},
		{"HTTP/1.1 404 Not Found\r\n\r\n{\"error\":\"x\"}", "HTTP status 404"},
		{"HTTP/1.1 404 Not Found\r\n\r\n{\"error\":{\"message\":7}}", "HTTP status 404"},
		{"HTTP/1.1 404 Not Found\r\n\r\n{\"error\":{\"message\":\"\"}}", "HTTP status 404"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		_cleanup_json_ json_t *out = NULL;

		assert_fails(answer_only(answers[i].answer, strlen(answers[i].answer), &out, &e),
			     -EBADMSG, ERR_FAILED, answers[i].reason);
	}
}

static void an_unknown_code_is_a_plain_failure(void **state)
{
	static const char answer[] =
		"HTTP/1.1 418 Teapot\r\n\r\n{\"error\":{\"code\":\"tea\",\"message\":\"m\"}}";
	_cleanup_json_ json_t *out = NULL;

	(void)state;
	assert_fails(answer_only(answer, strlen(answer), &out, &e), -EREMOTEIO, ERR_FAILED, "m");
}

static void silence_ends_at_the_deadline(void **state)
{
	_cleanup_close_ int near_end = -1, far_end = -1;
	_cleanup_json_ json_t *out = NULL;
	uint64_t start = clock_now_us();
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	near_end = fds[0];
	far_end = fds[1];
	assert_fails(
		client_exchange(near_end, "GET", "/v1/jobs", NULL, deadline_in(50000), &out, &e),
		-ETIMEDOUT, ERR_UNREACHABLE, "in time");
	assert_in_range(clock_now_us() - start, 50000, 2 * USEC_PER_SEC);
}

static void a_daemon_that_is_not_there_is_named(void **state)
{
	struct deadline d = deadline_in(USEC_PER_SEC);
	char path[] = "/tmp/rbdvol-test-XXXXXX", socket_path[64], *too_long;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(socket_path, sizeof(socket_path), "%s/api.sock", path);
	assert_fails(client_connect(socket_path, d, &e), -ENOENT, ERR_UNREACHABLE, socket_path);
	assert_fails(client_connect("", d, &e), -ENAMETOOLONG, ERR_USAGE, "path of a socket");
	too_long = calloc(1, 200);
	memset(too_long, 'a', 199);
	assert_fails(client_connect(too_long, d, &e), -ENAMETOOLONG, ERR_USAGE, "path of a socket");
	free(too_long);

	/* A socket that nobody listens on any more. */
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, socket_path, strlen(socket_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_fails(client_connect(socket_path, d, &e), -ECONNREFUSED, ERR_UNREACHABLE,
		     "does not answer");

	/* One that is full: not even a connect waits for ever. */
	int busy[8];

	assert_int_equal(listen(fd, 0), 0);
	busy[0] = client_connect(socket_path, d, &(struct err *){NULL});
	assert_true(busy[0] >= 0);
	assert_fails(client_connect(socket_path, deadline_in(50000), &e), -ETIMEDOUT,
		     ERR_UNREACHABLE, "accepts no connection");
	close(busy[0]);
	close(fd);
	unlink(socket_path);
	rmdir(path);
}

static void names_are_encoded(void **state)
{
	static const struct {
		const char *text, *encoded;
	} names[] = {
		{"", ""},
		{"web1", "web1"},
		{"rbd/web1@s", "rbd%2Fweb1%40s"},
		{"a b\n?&#%", "a%20b%0A%3F%26%23%25"},
		{"../x", "..%2Fx"},
		{"\xc3\xb6", "%C3%B6"},
		{"a-b._~", "a-b._~"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *encoded = client_encode(names[i].text);

		assert_string_equal(encoded, names[i].encoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_http_and_its_answer_json),
		cmocka_unit_test(an_answer_without_length_ends_with_the_connection),
		cmocka_unit_test(the_daemons_error_keeps_its_kind_words_and_hint),
		cmocka_unit_test(garbage_is_an_error),
		cmocka_unit_test(an_unknown_code_is_a_plain_failure),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(a_daemon_that_is_not_there_is_named),
		cmocka_unit_test(names_are_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
