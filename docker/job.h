/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work of the plugin as jobs, and waiting for it. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/verb.h"
#include "daemon/service.h"
#include "docker/work.h"
#include "volume/progress.h"

/* The job's side: true where the caller waits, and will get the answer. */
bool waiter_take(struct waiter *a);

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
