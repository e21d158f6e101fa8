/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of an operation, and their runner. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/request.h"
#include "base/spec.h"
#include "rbd/usage.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/volume.h"

/* V becomes what is observed of SPEC; it must be empty. */
int operation_init(struct operation *o, struct host *h, const struct spec *spec,
		   const struct volume_request *req, struct progress *p, struct volume_info *v,
		   struct err **e);
/* Refuse a snapshot (-EINVAL, usage) where VERB takes a volume. */
int operation_refuse_snapshot(const struct spec *spec, const char *verb, struct err **e);
/* A snapshot is for reading only. */
bool operation_read_only(const struct operation *o);
void operation_deinit(struct operation *o);
#define _cleanup_operation_ cleanup(operation_deinit)

/* A step first looks whether it is done (1: skip; 0: act; negative: stop). act returns 0 only when
 * it has seen its effect. One pass from nothing, from any cut and from 'all done' are the same
 * code. */
struct step {
	const char *name;
	int (*done)(struct operation *o, struct err **e);
	int (*act)(struct operation *o, struct err **e);
};
/* Tell what is being done now, such as "map". */
void operation_tell(struct operation *o, const char *step);
/* A change_progress (rbd/change.h) of the operation ARG, whose .telling is the word for it. Each
 * new figure is told as a step of its own, so that one that stays tells since when. */
int operation_tell_permille(unsigned permille, void *arg);
int steps_run(const struct step *const steps[], size_t n, struct operation *o, struct err **e);

/* Connect, told as a step of its own: of all waits it is the likeliest to be long, and a message
 * about it must name the monitors. */
int operation_connect(struct operation *o, struct err **e);
/* image_usage, with or without its slow ways. These are for a few at once, but for root. */
int operation_usage(struct host *h, struct cluster *c, const struct spec *spec, bool slow,
		    struct progress *p, struct usage *out, struct err **e);

/* Steps that several operations share. */
extern const struct step step_connect; /* the cluster answers */
