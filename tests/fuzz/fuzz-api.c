/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request of the API: a first line "METHOD PATH?ARGUMENT&…", then the body. Each part is taken or
 * refused with a reason, and the reason can be sent. */
#include "daemon/api.h"

#include "daemon/json.h"
#include "tests/fuzz/fuzz.h"

/* Takes E. */
static void must_send(int r, struct err *e, const char *subject)
{
	_cleanup_free_ char *text = NULL;

	must_tell(r, e);
	if (r < 0)
		must((text = json_render(json_error(e, subject, 1, NULL))));
	err_free(e);
}

static const struct route *find(const char *method, const char *path, char **subject)
{
	_cleanup_free_ char *allow = NULL;
	const char *segment = NULL;
	struct err *e = NULL;
	size_t len = 0;
	const struct route *found = route_find(api_front.routes, api_front.routes_n, method, path,
					       &segment, &len, &allow);
	int r = found && segment ? percent_decode(segment, len, subject, &e) : 0;

	must(!found || !allow);
	must_send(r, e, NULL);
	return r < 0 ? NULL : found;
}

/* As http.c does with what is behind '?'. */
static int argument(char *text, struct call *c, unsigned *seen, struct err **e)
{
	const char *key = strsep(&text, "="), *value = text ? text : "yes";
	_cleanup_free_ char *name = NULL, *decoded = NULL;
	int r = percent_decode(key, strlen(key), &name, e);

	if (r >= 0)
		r = percent_decode(value, strlen(value), &decoded, e);
	return r < 0 ? r : request_set_once(name, decoded, c->verb, &c->req, seen, e);
}

static void ask(struct call *c, char *arguments, const char *body, size_t len)
{
	struct err *e = NULL;
	unsigned seen = 0;
	char *one;
	int r = 0;

	while (r >= 0 && (one = strsep(&arguments, "&")))
		r = argument(one, c, &seen, &e);
	if (r >= 0)
		r = json_request(body, len, c->verb, &c->req, &seen, &e);
	if (r >= 0)
		r = request_check(&c->req, c->verb, &e);
	must_send(r, e, c->subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t head = end ? (size_t)(end - data) : size, body = end ? head + 1 : size;
	_cleanup_free_ char *line = fuzz_text(data, head);
	char *arguments = line;
	const char *path = strsep(&arguments, "?"), *space = strchr(path, ' ');
	_cleanup_free_ char *method = strndup(path, space ? (size_t)(space - path) : 0);
	_cleanup_call_ struct call c = {0};
	const struct route *route = find(method, space ? space + 1 : "", &c.subject);

	if (!route)
		return 0;
	c.verb = route->verb;
	ask(&c, arguments, (const char *)data + body, size - body);
	return 0;
}
