/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the requests share: the configuration in effect with its host, and the jobs. */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "daemon/config.h"
#include "daemon/job.h"
#include "volume/volume.h"

/* A configuration and the host made from it: never changed, and kept by those who began with it
 * when a reload brings the next. */
struct runtime {
	atomic_uint refs;
	struct config config;
	struct host *host;
};
struct runtime *runtime_ref(struct runtime *r);
void runtime_unref(struct runtime *r);
DEFINE_CLEANUP(struct runtime *, runtime_unref)
#define _cleanup_runtime_ cleanup(runtime_unref_p)

/* The key of the jobs that change the volume NAME of CLUSTER, or (NULL) of the configured one; the
 * caller frees it. Without the user: two users of a volume must not be at it at once. */
char *volume_key(const struct runtime *r, const char *cluster, const char *name);

/* The files of the cluster that CONFIG leads to, which an initramfs needs, too. */
int config_files(const struct config *config, struct strlist *out, struct err **e);

struct service;

/* Takes *CONFIG's content. */
int service_new(struct config *config, struct service **out, struct err **e);
/* Only when job_queue_stop said 0. */
void service_free(struct service *s);
/* Put *CONFIG, whose content is taken, in effect for the requests to come; on failure nothing
 * changes. */
int service_reload(struct service *s, struct config *config, struct err **e);
/* A reference on what is in effect. */
struct runtime *service_runtime(struct service *s);
struct job_queue *service_jobs(struct service *s);
