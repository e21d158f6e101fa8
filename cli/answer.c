/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static int garbage(const char *what, struct err **e)
{
	err_set(e, ERR_FAILED, -EBADMSG, "rbdvold's answer cannot be read: %s", what);
	return err_hint(e, "check that rbdvold of this release listens on the socket");
}

/* "HTTP/1.1 404 Not Found" */
static int parse_status(const char *line, size_t len, unsigned *out)
{
	const char *p = memchr(line, ' ', len);

	if (len < 12 || strncmp(line, "HTTP/1.", 7) || !p || line + len - p < 4)
		return -EBADMSG;
	*out = 0;
	for (int i = 1; i <= 3; i++) {
		if (!isdigit((unsigned char)p[i]))
			return -EBADMSG;
		*out = *out * 10 + (unsigned)(p[i] - '0');
	}
	return 0;
}

/* The length that the head HEAD..END promises for the body; SIZE_MAX where it says none. */
static size_t promised_length(const char *head, const char *end)
{
	static const char name[] = "\r\nContent-Length:";

	for (const char *p = head; (size_t)(end - p) >= sizeof(name); p++) {
		size_t v = 0;

		if (strncasecmp(p, name, sizeof(name) - 1))
			continue;
		p += sizeof(name) - 1;
		while (p < end && *p == ' ')
			p++;
		for (; p < end && isdigit((unsigned char)*p); p++) {
			if (v > SIZE_MAX / 100)
				return SIZE_MAX - 1;
			v = v * 10 + (size_t)(*p - '0');
		}
		return v;
	}
	return SIZE_MAX;
}

static int daemon_error(unsigned status, const json_t *document, struct err **e)
{
	const char *code = NULL, *message = NULL, *hint = NULL;

	if (json_unpack((json_t *)document, "{s:{s?s, s?s, s?s}}", "error", "code", &code,
			"message", &message, "hint", &hint) < 0 ||
	    !message || !*message)
		return err_set(e, ERR_FAILED, -EBADMSG,
			       "rbdvold failed with HTTP status %u and gave no reason", status);
	err_set(e, code ? err_kind_by_name(code) : ERR_FAILED, -EREMOTEIO, "%s", message);
	if (hint)
		err_hint(e, "%s", hint);
	return -EREMOTEIO;
}

static int parse_body(const char *body, size_t len, unsigned status, json_t **out, struct err **e)
{
	json_error_t why;

	*out = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
	if (*out && !json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
	}
	if (!*out && status < 300)
		return garbage("its body is not a JSON object", e);
	if (!*out)
		return err_set(e, ERR_FAILED, -EBADMSG,
			       "rbdvold failed with HTTP status %u and gave no reason", status);
	return status < 300 ? 0 : daemon_error(status, *out, e);
}

int answer_parse(const char *bytes, size_t len, json_t **out, struct err **e)
{
	const char *line_end, *head_end;
	unsigned status;
	size_t promised, body_len;

	*out = NULL;
	if (!bytes || !len)
		return garbage("the connection ended without any", e);
	line_end = memmem(bytes, len, "\r\n", 2);
	head_end = memmem(bytes, len, "\r\n\r\n", 4);
	if (!line_end || !head_end)
		return garbage("it ends within its head", e);
	if (parse_status(bytes, (size_t)(line_end - bytes), &status) < 0 || status < 200)
		return garbage("it is not HTTP", e);
	body_len = len - (size_t)(head_end + 4 - bytes);
	promised = promised_length(line_end, head_end);
	if (promised != SIZE_MAX && body_len < promised)
		return garbage("it is truncated", e);
	if (promised < body_len)
		body_len = promised;
	return parse_body(head_end + 4, body_len, status, out, e);
}
