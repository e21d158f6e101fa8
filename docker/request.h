/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of a plugin request, parsed. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "docker/options.h"

/* A request's body; owns json, from which the rest is borrowed. */
struct docker_request {
	json_t *json;
	const char *name;
	const char *id; /* "" where none is given */
};
void docker_request_deinit(struct docker_request *r);
#define _cleanup_docker_request_ cleanup(docker_request_deinit)
/* -EINVAL (usage): no JSON object, or no name that a volume may have. */
int docker_request_parse(const char *body, size_t len, struct docker_request *r, struct err **e);
/* Its Opts, completed. */
int docker_request_options(const struct docker_request *r, struct docker_options *o,
			   struct err **e);
