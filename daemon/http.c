/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "daemon/api.h"
#include "daemon/connections.h"
#include "daemon/json.h"
#include "daemon/log.h"

#define BODY_MAX (64 * 1024)
#define BODY_DRAIN_MAX                                                                             \
	(1024 * 1024) /* what is read of a body that is too long, before we hang up */
#define HEADER_MEMORY	   (32 * 1024) /* of a connection: request line, headers, arguments */
#define IDLE_TIMEOUT_S	   10	       /* between two bytes of a request, or two requests */
#define BODY_TIMEOUT_S	   60 /* from a request's head to its end, however its bytes trickle */
#define THREAD_STACK_BYTES (1024 * 1024)

struct http {
	struct service *service;
	const struct front *front;
	struct MHD_Daemon *daemon;
	struct connections connections;
};

/* One request from its first line to its answer. */
struct exchange {
	struct call call;
	struct deadline deadline; /* for the rest of it to come */
	const struct front *front;
	const struct route *route;
	char *body;
	size_t len;	 /* of what is kept */
	size_t received; /* of all there was */
	bool refused;	 /* the answer is made; the rest of the request is only read */
	unsigned seen;	 /* options, as request_set_once wants it */
	struct answer answer;
};

static void exchange_free(struct exchange *x)
{
	call_deinit(&x->call);
	free(x->body);
	free(x->answer.body);
	free(x->answer.allow);
	free(x);
}

/* Takes ALLOW and E. STATUS 0: as E's kind says. */
static void exchange_refuse(struct exchange *x, unsigned status, char *allow, struct err *e)
{
	_cleanup_err_ struct err *error = e;

	if (x->refused) {
		free(allow);
		return;
	}
	x->refused = true;
	x->front->refuse(&x->answer, error, x->call.subject);
	x->answer.allow = allow;
	if (status)
		x->answer.status = status;
}

static int find_route(struct exchange *x, const char *method, const char *url)
{
	struct err *e = NULL;
	char *allow = NULL;
	const char *segment = NULL;
	size_t len = 0;

	x->route = route_find(x->front->routes, x->front->routes_n, method, url, &segment, &len,
			      &allow);
	if (!x->route && allow) {
		int r = err_set(&e, ERR_USAGE, -EINVAL, "%s does not take the method %s", url,
				method);

		exchange_refuse(x, MHD_HTTP_METHOD_NOT_ALLOWED, allow, e);
		return r;
	}
	if (!x->route)
		err_set(&e, ERR_NOT_FOUND, -ENOENT, "there is no %s in this API", url);
	else if (segment)
		percent_decode(segment, len, &x->call.subject, &e);
	if (!e)
		return 0;
	exchange_refuse(x, 0, NULL, e);
	return -EINVAL;
}

static int socket_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/* Who is at the other end. */
static int peer_of(struct MHD_Connection *connection, struct peer *out, struct err **e)
{
	return peer_get(socket_of(connection), out, e);
}

static int authorise(struct exchange *x, struct MHD_Connection *connection)
{
	struct err *e = NULL;
	struct peer peer;
	int r = peer_of(connection, &peer, &e);

	x->call.caller = r ? 0 : peer.pid;
	x->call.uid = r ? (uid_t)-1 : peer.uid;
	if (!r)
		r = peer_check(&peer, x->route->access, &x->call.runtime->config.changers, &e);
	if (r < 0)
		exchange_refuse(x, 0, NULL, e);
	return r;
}

struct arguments {
	struct exchange *x;
	struct err *e;
};

static enum MHD_Result on_argument(void *arg, enum MHD_ValueKind kind, const char *key,
				   const char *value)
{
	_cleanup_free_ char *name = NULL, *text = NULL;
	struct arguments *a = arg;
	const struct request_option *o;

	(void)kind;
	if (percent_decode(key, strlen(key), &name, &a->e) < 0)
		return MHD_NO;
	o = request_option_find(a->x->call.verb, name);
	if (!value) /* '?all' */
		value = o && o->kind == REQUEST_FLAG ? "yes" : "";
	if (percent_decode(value, strlen(value), &text, &a->e) < 0)
		return MHD_NO;
	return request_set_once(name, text, a->x->call.verb, &a->x->call.req, &a->x->seen, &a->e) <
			       0
		       ? MHD_NO
		       : MHD_YES;
}

/* The length that the body says to have; 0 where it says none. */
static uint64_t promised(struct MHD_Connection *connection)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_CONTENT_LENGTH);

	return text ? strtoull(text, NULL, 10) : 0;
}

static void refuse_length(struct exchange *x)
{
	struct err *e = NULL;

	err_set(&e, ERR_USAGE, -EINVAL, "the body is longer than %d bytes", BODY_MAX);
	exchange_refuse(x, MHD_HTTP_CONTENT_TOO_LARGE, NULL, e);
}

/* The request's head is there: all that can be refused without its body. */
static void begin(struct exchange *x, struct MHD_Connection *connection, const char *url,
		  const char *method)
{
	struct arguments arguments = {.x = x};

	if (find_route(x, method, url) < 0 || authorise(x, connection) < 0)
		return;
	x->call.verb = x->route->verb;
	if (promised(connection) > BODY_MAX) {
		refuse_length(x);
		return;
	}
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_argument, &arguments);
	if (arguments.e)
		exchange_refuse(x, 0, NULL, arguments.e);
}

/* -EFBIG, -ETIMEDOUT: hang up. */
static int receive(struct exchange *x, const char *data, size_t len)
{
	char *longer;

	x->received += len;
	if (deadline_passed(x->deadline))
		return -ETIMEDOUT;
	if (x->received > BODY_DRAIN_MAX)
		return -EFBIG;
	if (x->received > BODY_MAX)
		refuse_length(x);
	if (x->refused)
		return 0;
	longer = realloc(x->body, x->len + len);
	if (!longer)
		return -ENOMEM;
	memcpy(longer + x->len, data, len);
	x->body = longer;
	x->len += len;
	return 0;
}

static enum MHD_Result send_answer(struct exchange *x, struct MHD_Connection *connection)
{
	static const char no_memory[] =
		"{\"error\":{\"code\":\"failed\",\"message\":\"out of memory\"}}\n";
	struct MHD_Response *response;
	struct answer *a = &x->answer;
	size_t len = a->body ? strlen(a->body) : 0;
	enum MHD_Result r;

	if (len)
		response = MHD_create_response_from_buffer(len, steal(&a->body),
							   MHD_RESPMEM_MUST_FREE);
	else
		response = MHD_create_response_from_buffer(sizeof(no_memory) - 1, (void *)no_memory,
							   MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, x->front->content_type);
	if (a->allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, a->allow);
	r = MHD_queue_response(connection, a->status ? a->status : 500, response);
	MHD_destroy_response(response);
	return r;
}

/* The request is complete. MHD's idle timeout would count the call's wait, so it is put beyond it.
 */
static enum MHD_Result exchange_finish(struct exchange *x, struct MHD_Connection *connection)
{
	struct err *e = NULL;

	x->call.body = x->body;
	x->call.body_len = x->len;
	if (!x->refused && !x->front->raw &&
	    json_request(x->body, x->len, x->call.verb, &x->call.req, &x->seen, &e) < 0)
		exchange_refuse(x, 0, NULL, e);
	if (!x->refused && call_check_choice(&x->call, &e) < 0)
		exchange_refuse(x, 0, NULL, e);
	if (!x->refused) {
		MHD_set_connection_option(
			connection, MHD_CONNECTION_OPTION_TIMEOUT,
			(unsigned)(call_timeout_us(&x->call) / USEC_PER_SEC + IDLE_TIMEOUT_S));
		x->route->handle(&x->call, &x->answer);
	}
	return send_answer(x, connection);
}

/* What one that was hung up had sent before is there to be read all the same. */
static bool has_no_place(struct MHD_Connection *connection)
{
	return !MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			->socket_context;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	struct exchange *x = *state;
	struct http *h = arg;

	(void)version;
	if (has_no_place(connection))
		return MHD_NO;
	if (!x) {
		x = calloc(1, sizeof(*x));
		if (!x)
			return MHD_NO;
		*state = x;
		x->front = h->front;
		x->deadline = deadline_in(BODY_TIMEOUT_S * USEC_PER_SEC);
		x->call.service = h->service;
		x->call.runtime = service_runtime(h->service);
		MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
					  (unsigned)IDLE_TIMEOUT_S);
		begin(x, connection, url, method);
		if (x->refused && promised(connection) > BODY_DRAIN_MAX)
			return send_answer(x, connection);
		return MHD_YES;
	}
	if (*len) {
		int r = receive(x, data, *len);

		*len = 0;
		return r < 0 ? MHD_NO : MHD_YES;
	}
	return exchange_finish(x, connection);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)connection;
	(void)code;
	if (*state)
		exchange_free(*state);
	*state = NULL;
}

/* A connection that is one too many for its user is hung up at once. MHD's own policy for what it
 * accepts cannot do that: it sees an address, not the other end. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **place,
			  enum MHD_ConnectionNotificationCode what)
{
	_cleanup_err_ struct err *e = NULL;
	struct http *h = arg;
	struct peer peer;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		connections_leave(&h->connections, *place);
		return;
	}
	if (peer_of(connection, &peer, &e) >= 0)
		*place = connections_enter(&h->connections, peer.uid);
	if (!*place)
		shutdown(socket_of(connection), SHUT_RDWR);
}

/* The path stays as it came: only so does %2F in a volume's name differ from the path's own '/'. */
static size_t keep_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

static void _printf_(2, 0) on_log(void *arg, const char *fmt, va_list ap)
{
	_cleanup_free_ char *text = NULL;

	(void)arg;
	if (str_vprintf(&text, fmt, ap) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	log_debug("http: %s", text);
}

int http_start(struct service *s, const struct front *front, int listen_fd, struct http **out,
	       struct err **e)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return err_oom(e);
	h->service = s;
	h->front = front;
	connections_init(&h->connections);
	h->daemon = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			MHD_USE_ITC | MHD_USE_ERROR_LOG,
		0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escapes, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MEMORY,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK_BYTES, MHD_OPTION_END);
	if (!h->daemon) {
		connections_deinit(&h->connections);
		free(h);
		return err_set(e, ERR_FAILED, -EIO, "cannot start the HTTP server");
	}
	*out = h;
	return 0;
}

void http_quiesce(struct http *h)
{
	MHD_quiesce_daemon(h->daemon);
}

void http_stop(struct http *h)
{
	MHD_stop_daemon(h->daemon);
	connections_deinit(&h->connections);
	free(h);
}
