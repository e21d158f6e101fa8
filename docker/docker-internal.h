/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What docker.c (handlers and answers), docker-request.c (what is asked), docker-job.c (waiting)
 * and docker-volume.c (the work) share. */
#pragma once

#include <jansson.h>

#include "docker/docker.h"
#include "docker/names.h"
#include "docker/options.h"

#define DOCKER_NOTE "rbdvol.options" /* on the image: the options that it was created with */

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

/* Does the caller still wait? A Mount counts its caller only then: who was told 'not yet' will ask
 * again, with another id. */
struct waiter;
/* The job's side: true where the caller waits, and will get the answer. */
bool waiter_take(struct waiter *a);

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

int docker_find(struct docker_work *w, struct progress *p, struct err **e);
int docker_create(struct docker_work *w, struct progress *p, struct err **e);
int docker_remove(struct docker_work *w, struct progress *p, struct err **e);
int docker_mount(struct docker_work *w, struct progress *p, struct err **e);
/* Unmount and detach it where it has no users any more. */
int docker_let_go(struct docker_work *w, struct progress *p, struct err **e);

/* A work for NAME and ID (which may be NULL); owned by the caller until docker_run. */
struct docker_work *docker_work_new(struct runtime *runtime, enum verb verb,
				    int (*act)(struct docker_work *, struct progress *,
					       struct err **),
				    const char *name, const char *id);
void docker_work_free(void *w);
DEFINE_CLEANUP(struct docker_work *, docker_work_free)
#define _cleanup_docker_work_ cleanup(docker_work_free_p)
/* Run W, which is taken, as a job, and wait. *out (may be NULL) is what it found. -ETIMEDOUT: it
 * goes on; if it has not begun, only a detach will. */
int docker_run(struct service *s, struct docker_work *w, struct deadline deadline, char **out,
	       struct err **e);
/* The same without waiting. */
void docker_send(struct service *s, struct docker_work *w);
