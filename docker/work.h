/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One piece of work of the plugin: shared by its jobs and what they do. */
#pragma once

#include "base/err.h"
#include "base/spec.h"
#include "base/verb.h"
#include "daemon/service.h"
#include "docker/options.h"
#include "volume/progress.h"

#define DOCKER_NOTE "rbdvol.options" /* on the image: the options that it was created with */

/* A piece of work for a job. */
struct docker_work {
	enum verb verb; /* the job's name */
	int (*act)(struct docker_work *w, struct progress *p, struct err **e);
	struct runtime *runtime;
	struct waiter *waiter;
	struct job_queue *jobs; /* that it is among */
	char *name;
	char *id;
	struct spec spec; /* of NAME; empty while it is not known: then the work is a read */
	struct docker_options options;
	char *found; /* by docker_find */
};
