/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The API over a real UNIX socket, in front of fake volumes: routes, options, refusals, limits,
 * waiting, and many at once. */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "daemon/json.h"
#include "daemon/route.h"
#include "tests/unit/fake-volume.h"
#include "tests/unit/http-server.h"

static struct test_server server = {.front = &api_front, .open = listener_open};

static int setup(void **state)
{
	*state = &server;
	return test_server_start(&server);
}

static int teardown(void **state)
{
	return test_server_stop(*state);
}

static unsigned ask(const char *method, const char *path, const char *body, json_t **out)
{
	return test_ask(&server, method, path, body, out);
}

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void test_percent_decode(void **state)
{
	static const char *const broken[] = {"%", "%2", "%zz", "a%00b", "%2g"};
	_cleanup_free_ char *text = NULL;
	struct err *e = NULL;

	(void)state;
	assert_int_equal(percent_decode("rbd%2Fw%65b%25%c3%A4", 20, &text, &e), 0);
	assert_string_equal(text, "rbd/web%\xc3\xa4");
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		_cleanup_err_ struct err *why = NULL;
		char *none = NULL;

		assert_int_equal(percent_decode(broken[i], strlen(broken[i]), &none, &why),
				 -EINVAL);
		assert_null(none);
	}
}

static void test_json_options(void **state)
{
	static const char good[] = "{\"from\": \"g\", \"size\": 5368709120, \"read_only\": true}";
	static const char *const refused[] = {
		"{\"from\": null}",
		"{\"from\": []}",
		"{\"from\": {}}",
		"{\"size\": 1.5}",
		"{\"size\": -1}",
		"{\"from\": \"\"}",
		"[]",
		"1",
		"{",
		"{}x",
		"{\"x\": 1}",
		"{\"from\": \"a\\u0000\"}",
		"{\"all\": true}",
		"{\"from\": \"a\", \"from\": \"b\"}",
	};
	_cleanup_request_ struct volume_request req = {0};
	struct err *e = NULL;
	unsigned seen = 0;

	(void)state;
	assert_int_equal(json_request(good, strlen(good), VERB_ATTACH, &req, &seen, &e), 0);
	assert_string_equal(req.from, "g");
	assert_int_equal(req.size_bytes, 5368709120);
	assert_true(req.read_only);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_request_ struct volume_request r = {0};
		_cleanup_err_ struct err *why = NULL;

		seen = 0;
		assert_int_equal(
			json_request(refused[i], strlen(refused[i]), VERB_ATTACH, &r, &seen, &why),
			-EINVAL);
		assert_int_equal(why->kind, ERR_USAGE);
	}
}

static void test_names_that_are_no_utf8(void **state)
{
	_cleanup_json_ json_t *good = json_text("caf\xc3\xa9"), *bad = json_text("a\xff"
										 "b");

	(void)state;
	assert_string_equal(json_string_value(good), "caf\xc3\xa9");
	assert_string_equal(json_string_value(bad), "a\\xffb");
}

/* What is asked, and the status. */
static const struct {
	const char *method, *path, *body;
	unsigned status;
	const char *code;
} cases[] = {
	{"GET", "/v1/host", "", 200, NULL},
	{"GET", "/v1/volumes", "", 200, NULL},
	{"GET", "/v1/volumes?all=yes&pool=rbd", "", 200, NULL},
	{"GET", "/v1/volumes?all", "", 200, NULL},
	{"GET", "/v1/volumes", "{\"all\": true}", 200, NULL},
	{"GET", "/v1/volumes/web1", "", 200, NULL},
	{"GET", "/v1/volumes/rbd%2Fns%2Fweb1", "", 200, NULL},
	{"GET", "/v1/volumes/%2Fdev%2Frbd7", "", 200, NULL},
	{"PUT", "/v1/volumes/web1", "{\"size\": \"1G\"}", 200, NULL},
	{"PUT", "/v1/volumes/web1?from=golden", "", 200, NULL},
	{"DELETE", "/v1/volumes/web1", "", 200, NULL},
	{"POST", "/v1/volumes/web1/attach", "", 200, NULL},
	{"POST", "/v1/volumes/web1/detach", "{\"force\": true}", 200, NULL},
	{"POST", "/v1/volumes/web1/trim", "{}", 200, NULL},
	{"GET", "/v1/jobs", "{\"timeout\": 3}", 200, NULL},
	{"GET", "/", "", 404, "not-found"},
	{"GET", "/v2/volumes", "", 404, "not-found"},
	{"GET", "/v1/volumes/", "", 404, "not-found"},
	{"GET", "/v1/volumes/rbd/web1", "", 404, "not-found"},
	{"POST", "/v1/volumes/web1/frob", "", 404, "not-found"},
	{"POST", "/v1/volumes", "", 405, "usage"},
	{"GET", "/v1/volumes/web1/attach", "", 405, "usage"},
	{"BREW", "/v1/volumes/web1", "", 405, "usage"},
	{"GET", "/v1/volumes/%zz", "", 400, "usage"},
	{"GET", "/v1/volumes/a%00", "", 400, "usage"},
	{"GET", "/v1/volumes/a%2F%2Fb", "", 400, "usage"},
	{"GET", "/v1/volumes?frob=1", "", 400, "usage"},
	{"GET", "/v1/volumes?all=yes&all=no", "", 400, "usage"},
	{"GET", "/v1/volumes?pool", "", 400, "usage"},
	{"GET", "/v1/volumes?pool=%zz", "", 400, "usage"},
	{"PUT", "/v1/volumes/web1", "", 400, "usage"},
	{"POST", "/v1/volumes/web1/attach?from=a", "{\"from\": \"b\"}", 400, "usage"},
	{"POST", "/v1/volumes/web1/attach", "{\"from\"", 400, "usage"},
	{"POST", "/v1/volumes/web1/attach", "\"from\"", 400, "usage"},
	{"POST", "/v1/volumes/web1/trim", "{\"all\": true}", 200, NULL},
	{"GET", "/v1/host?force=yes", "", 400, "usage"},
	{"GET", "/v1/jobs/x", "", 400, "usage"},
	{"GET", "/v1/jobs/999999", "", 404, "not-found"},
	{"DELETE", "/v1/volumes/missing", "", 404, "not-found"},
};

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *body = NULL;
		unsigned status = ask(cases[i].method, cases[i].path, cases[i].body, &body);
		json_t *error = json_object_get(body, "error");

		if (status != cases[i].status)
			fail_msg("%s %s: %u", cases[i].method, cases[i].path, status);
		if (!cases[i].code) {
			assert_null(error);
			continue;
		}
		assert_string_equal(text_of(error, "code"), cases[i].code);
		assert_non_null(text_of(error, "message"));
	}
}

static void test_attach_answer(void **state)
{
	_cleanup_json_ json_t *body = NULL;

	(void)state;
	assert_int_equal(ask("POST", "/v1/volumes/noted/attach", "{\"from\":\"golden\"}", &body),
			 200);
	assert_string_equal(text_of(body, "volume"), "rbd/noted");
	assert_string_equal(text_of(body, "device"), "/dev/rbd7");
	assert_string_equal(text_of(body, "parent"), "rbd/golden@rbdvol-1");
	assert_true(json_is_true(json_object_get(body, "attached")));
	assert_int_equal(json_array_size(json_object_get(body, "features")), 2);
	assert_int_equal(json_array_size(json_object_get(body, "notes")), 1);
	assert_null(json_object_get(body, "trimmed"));
}

static void test_waiting_and_its_job(void **state)
{
	_cleanup_json_ json_t *later = NULL, *job = NULL;
	const json_t *error;
	char path[64];
	long long id;

	(void)state;
	assert_int_equal(ask("POST", "/v1/volumes/slow/attach", "{\"timeout\":\"0.2\"}", &later),
			 504);
	error = json_object_get(later, "error");
	assert_string_equal(text_of(error, "code"), "unreachable");
	assert_non_null(strstr(text_of(error, "message"), "in map for 0 s"));
	id = json_integer_value(json_object_get(error, "job"));
	assert_true(id > 0);
	/* The same again joins it, and gets its answer. */
	atomic_store(&fake.attaches, 0);
	assert_int_equal(ask("POST", "/v1/volumes/slow/attach", "", NULL), 200);
	assert_int_equal(atomic_load(&fake.attaches), 0);
	snprintf(path, sizeof(path), "/v1/jobs/%lld", id);
	assert_int_equal(ask("GET", path, "", &job), 200);
	assert_string_equal(text_of(job, "state"), "done");
	assert_string_equal(text_of(json_object_get(job, "result"), "device"), "/dev/rbd7");
}

static void test_cancel(void **state)
{
	_cleanup_json_ json_t *none = NULL, *answer = NULL;

	(void)state;
	assert_int_equal(ask("POST", "/v1/volumes/web1/cancel", "", &none), 404);
	assert_non_null(strstr(text_of(json_object_get(none, "error"), "message"),
			       "nothing is under way on rbd/web1"));
	assert_int_equal(ask("POST", "/v1/volumes/slow/attach", "{\"timeout\":\"0.1\"}", NULL),
			 504);
	/* What does not look whether it shall end is waited for. */
	assert_int_equal(ask("POST", "/v1/volumes/rbd%2Fslow/cancel", "", &answer), 200);
	assert_string_equal(text_of(answer, "volume"), "rbd/slow");
	assert_non_null(strstr(text_of(answer, "outcome"), "done before"));
}

static void test_cancel_by_number(void **state)
{
	_cleanup_json_ json_t *later = NULL, *answer = NULL, *none = NULL;
	char path[64];

	(void)state;
	assert_int_equal(ask("POST", "/v1/volumes/slow/attach", "{\"timeout\":\"0.1\"}", &later),
			 504);
	snprintf(path, sizeof(path), "/v1/jobs/%lld/cancel",
		 json_integer_value(json_object_get(json_object_get(later, "error"), "job")));
	assert_int_equal(ask("POST", path, "", &answer), 200);
	assert_non_null(strstr(text_of(answer, "outcome"), "done before"));
	assert_int_equal(ask("POST", path, "", &none), 404);
	assert_non_null(strstr(text_of(json_object_get(none, "error"), "message"),
			       "nothing is under way on job"));
	assert_int_equal(ask("POST", "/v1/jobs/x/cancel", "", NULL), 400);
	assert_int_equal(ask("GET", path, "", NULL), 405);
}

static void *attach_one(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/volumes/web%d/attach", *(int *)arg);
	*(int *)arg = (int)ask("POST", path, "", NULL);
	return NULL;
}

static void *attach_slow(void *arg)
{
	*(int *)arg = (int)ask("POST", "/v1/volumes/slow/attach", "", NULL);
	return NULL;
}

/* 64 at once: other volumes are not held up, and of one volume there is one operation at a time. */
static void test_many_at_once(void **state)
{
	pthread_t threads[64];
	int values[64];

	(void)state;
	for (int i = 0; i < 64; i++) {
		values[i] = i;
		pthread_create(&threads[i], NULL, attach_one, &values[i]);
	}
	for (int i = 0; i < 64; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 64; i++)
		assert_int_equal(values[i], 200);
	atomic_store(&fake.attaches, 0);
	atomic_store(&fake.most, 0);
	for (int i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, attach_slow, &values[i]);
	for (int i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(values[i], 200);
	}
	assert_int_equal(atomic_load(&fake.most), 1);
	assert_int_equal(atomic_load(&fake.attaches), 1);
}

static void test_body_limits(void **state)
{
	_cleanup_free_ char *big = calloc(1, 70001), *answer = NULL;
	_cleanup_close_ int fd = test_connect(&server);
	static const char promise[] = "POST /v1/volumes/web1/attach HTTP/1.1\r\nHost: x\r\n"
				      "Content-Length: 99999999999\r\n\r\n";

	(void)state;
	memset(big, ' ', 70000);
	assert_int_equal(ask("POST", "/v1/volumes/web1/attach", big, NULL), 413);
	test_send(fd, promise, sizeof(promise) - 1); /* refused before a byte of it came */
	answer = test_receive(fd);
	assert_non_null(strstr(answer, "HTTP/1.1 413"));
}

/* Clients that begin and go, or send garbage, harm nobody. */
static void test_broken_clients(void **state)
{
	static const char *const halves[] = {
		"",
		"G",
		"GET /v1/host",
		"GET /v1/host HTTP/1.1\r\nHost: x\r\n",
		"POST /v1/volumes/web1/attach HTTP/1.1\r\nHost: x\r\nContent-Length: "
		"50\r\n\r\n{\"fr",
		"\r\n\r\n\r\n",
		"\x16\x03\x01\x02",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"POST /v1/volumes/slow/attach HTTP/1.0\r\nHost: x\r\n\r\n",
		"POST /v1/volumes/web1/trim HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"POST /v1/volumes/web1/trim HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		"chunked\r\n\r\nzz",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
		_cleanup_close_ int fd = test_connect(&server);

		test_send(fd, halves[i], strlen(halves[i]));
	}
	assert_int_equal(ask("GET", "/v1/host", "", NULL), 200);
}

/* The socket's own end: a second daemon is refused, a dead one's socket is replaced. */
static void test_sockets(void **state)
{
	_cleanup_err_ struct err *busy = NULL, *file = NULL, *e = NULL;
	struct listener l, again;
	char path[64];

	(void)state;
	assert_int_equal(listener_open(server.path, &l, &busy), -EADDRINUSE);
	listener_close(&l);
	snprintf(path, sizeof(path), "%s/run/other", server.directory);
	assert_int_equal(listener_open(path, &l, &e), 0);
	close(l.fd);
	l.fd = -1;
	assert_int_equal(listener_open(path, &again, &e), 0);
	free(l.path);
	listener_close(&again);
	assert_int_equal(access(path, F_OK), -1);
	fclose(fopen(path, "we"));
	assert_int_equal(listener_open(path, &l, &file), -EEXIST);
	listener_close(&l);
	assert_int_equal(remove(path), 0);
}

static void test_reload(void **state)
{
	struct test_server *s = *state;
	struct config config = {0};
	_cleanup_json_ json_t *host = NULL;
	struct err *e = NULL;

	assert_int_equal(ask("POST", "/v1/volumes/slow/attach", "{\"timeout\":\"0.1\"}", NULL),
			 504);
	assert_int_equal(config_load("/nonexistent", false, &config, &e), 0);
	free(config.pool);
	config.pool = strdup("ssd");
	assert_int_equal(service_reload(s->service, &config, &e), 0);
	assert_int_equal(atomic_load(&fake.hosts), 2); /* the job under way keeps the old one */
	assert_int_equal(ask("GET", "/v1/host", "", &host), 200);
	assert_string_equal(text_of(host, "pool"), "ssd");
	assert_int_equal(ask("POST", "/v1/volumes/rbd%2Fslow/attach", "", NULL), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percent_decode),
		cmocka_unit_test(test_json_options),
		cmocka_unit_test(test_names_that_are_no_utf8),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_attach_answer),
		cmocka_unit_test(test_waiting_and_its_job),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_by_number),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_body_limits),
		cmocka_unit_test(test_broken_clients),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests_name("http", tests, setup, teardown);
}
