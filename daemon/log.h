/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's log: the journal with fields where the journal listens on stderr, plain lines on
 * stderr elsewhere. Level from RBDVOL_LOG: debug, info (the default) or warning. Level and target
 * are the two mutable variables of this file; they are set by log_init, before there are threads.
 * Keys have no way in here: struct secret is printed by nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/trace.h"

/* What a line is about; what is NULL or 0 is left out. */
struct log_fields {
	const char *volume;
	const char *operation;
	const char *device;
	uint64_t job;
	uint64_t duration_us;
	const struct trace *trace;
	const char *error; /* the kind's name */
};

/* PLAIN: to stderr in any case. An unknown level is said and taken as info. */
void log_init(bool plain);
/* PRIORITY is LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO or LOG_DEBUG; FIELDS may be NULL. */
void log_event(int priority, const struct log_fields *fields, const char *fmt, ...) _printf_(3, 4);

#define log_error(...)	 log_event(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_event(LOG_WARNING, NULL, __VA_ARGS__)
#define log_info(...)	 log_event(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...)	 log_event(LOG_DEBUG, NULL, __VA_ARGS__)
