/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "docker/request.h"

void docker_request_deinit(struct docker_request *r)
{
	json_decref(r->json);
	*r = (struct docker_request){0};
}

static int parse_body(const char *body, size_t len, struct docker_request *r, struct err **e)
{
	json_error_t reason;

	r->json = len ? json_loadb(body, len, JSON_REJECT_DUPLICATES, &reason) : json_object();
	if (!r->json)
		return err_set(e, ERR_USAGE, -EINVAL, "the body is not JSON: line %d: %s",
			       reason.line, reason.text);
	if (!json_is_object(r->json))
		return err_set(e, ERR_USAGE, -EINVAL, "the body is not a JSON object");
	return 0;
}

int docker_request_parse(const char *body, size_t len, struct docker_request *r, struct err **e)
{
	const char *id;
	int ret = parse_body(body, len, r, e);

	if (ret < 0)
		return ret;
	r->name = json_string_value(json_object_get(r->json, "Name"));
	id = json_string_value(json_object_get(r->json, "ID"));
	r->id = id ? id : "";
	if (!r->name)
		return err_set(e, ERR_USAGE, -EINVAL, "the request has no Name");
	return docker_name_check(r->name, e);
}

int docker_request_options(const struct docker_request *r, struct docker_options *o, struct err **e)
{
	json_t *opts = json_object_get(r->json, "Opts"), *value;
	const char *key;

	if (opts && !json_is_null(opts) && !json_is_object(opts))
		return err_set(e, ERR_USAGE, -EINVAL, "the options are not a JSON object");
	json_object_foreach(opts, key, value) {
		int ret = json_is_string(value)
				  ? docker_options_set(o, key, json_string_value(value), e)
				  : err_set(e, ERR_USAGE, -EINVAL, "option '%.64s' is not a string",
					    key);

		if (ret < 0)
			return ret;
	}
	return docker_options_complete(o, e);
}
