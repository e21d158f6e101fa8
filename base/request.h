/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wanted of a volume: the one struct that every front (command, API, later mounts and
 * containers) fills. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/verb.h"

/* Not given is NULL, 0 or false in each field. Owns its strings. */
struct volume_request {
	char *from;
	uint64_t size_bytes;
	uint64_t clone_format;
	bool read_only;
	bool shared;
	bool steal;
	bool steal_shared;
	char *map_options;
	bool force;
	bool all;
	bool dry_run;
	bool all_hosts;
	bool write;
	uint64_t timeout_us;
	char *cluster;
	char *user;
	char *pool;
	uint64_t minimum_bytes;
	uint64_t rate_bytes;
	bool usage;
	bool slow;
	bool blank;
	char *algorithm; /* "trim" or "zero", once checked */
	char *name;	 /* of an image */
	char *device;	 /* no option: the device node that was named, where no volume was */
};

enum request_kind {
	REQUEST_TEXT,
	REQUEST_CLUSTER,
	REQUEST_USER,
	REQUEST_SIZE,
	REQUEST_VOLUME_SIZE,
	REQUEST_NUMBER,
	REQUEST_SECONDS,
	REQUEST_FLAG
};

struct request_option {
	const char *key; /* in JSON; the command's flag has '-' for '_' */
	enum request_kind kind;
	const char *metavar; /* NULL for a flag */
	unsigned verbs;
	const char *help;
	size_t offset;
};

extern const struct request_option request_options[];
extern const size_t request_options_n;

/* NULL where VERB takes no option KEY. */
const struct request_option *request_option_find(enum verb verb, const char *key);

/* Set the option KEY of a VERB from TEXT (a flag: yes or no). -EINVAL (usage): no such option for
 * this verb, or a bad value; the request is then as before. */
int request_set(struct volume_request *req, enum verb verb, const char *key, const char *text,
		struct err **e);
/* Checks that need more than one option; VERB's request is complete. */
int request_check(const struct volume_request *req, enum verb verb, struct err **e);
/* What takes a volume on its own, at any boot, must not steal it: -EINVAL (usage), always. */
int request_no_steal(struct err **e);
/* May be called twice. */
void request_deinit(struct volume_request *req);
#define _cleanup_request_ cleanup(request_deinit)
