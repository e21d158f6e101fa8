/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices of this host whose client the cluster has blocklisted: dead, though the kernel does not
 * say so anywhere. Only the cluster knows, so it is asked by a thread that nobody waits for longer
 * than a moment; a cluster that is away costs the first list that moment and one thread. */
#include "volume/fenced.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/lock.h"
#include "base/thread.h"
#include "base/trace.h"
#include "ceph/blocklist.h"

#define PATIENCE_US (USEC_PER_SEC)

/* One question to one cluster, shared by all who want the answer. */
struct question {
	atomic_uint refs;
	struct cluster *cluster;
	struct deadline patience;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done, known;
	char fsid[FSID_LEN + 1];
	struct strlist blocklisted;
};

struct fenced {
	pthread_mutex_t lock;
	struct question *last;
};

static void question_unref(struct question *q)
{
	if (!q || atomic_fetch_sub(&q->refs, 1) > 1)
		return;
	cluster_unref(q->cluster);
	strlist_deinit(&q->blocklisted);
	pthread_cond_destroy(&q->answered);
	pthread_mutex_destroy(&q->lock);
	free(q);
}
DEFINE_CLEANUP(struct question *, question_unref)

static void *question_ask(void *arg)
{
	cleanup(question_unref_p) struct question *q = arg;
	_cleanup_strlist_ struct strlist out = {0};
	_cleanup_err_ struct err *ignored = NULL;
	char fsid[FSID_LEN + 1];
	int r = cluster_fsid(q->cluster, fsid, &ignored);

	if (r >= 0)
		r = blocklist_list(q->cluster, &out, &ignored);
	WITH_LOCK(&q->lock);
	q->done = true;
	q->known = r >= 0;
	if (q->known) {
		memcpy(q->fsid, fsid, sizeof(fsid));
		q->blocklisted = out;
		out = (struct strlist){0};
	}
	pthread_cond_broadcast(&q->answered);
	return NULL;
}

static struct question *question_new(struct cluster *c)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->refs = 2;
	q->cluster = cluster_ref(c);
	q->patience = deadline_in(PATIENCE_US);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->answered, NULL);
	if (thread_start(question_ask, q) < 0) {
		q->refs = 1;
		question_unref(q);
		return NULL;
	}
	trace_count(TRACE_MONITORS); /* its thread counts for nobody */
	return q;
}

static bool is_done(struct question *q)
{
	WITH_LOCK(&q->lock);
	return q->done;
}

/* The question that is under way for C, or a new one. */
static struct question *current(struct fenced *f, struct cluster *c)
{
	WITH_LOCK(&f->lock);
	if (!f->last || f->last->cluster != c || is_done(f->last)) {
		question_unref(f->last);
		f->last = question_new(c);
	}
	if (f->last)
		atomic_fetch_add(&f->last->refs, 1);
	return f->last;
}

/* Whether the answer came before patience ended. */
static bool question_wait(struct question *q)
{
	WITH_LOCK(&q->lock);
	while (!q->done && !deadline_wait(&q->answered, &q->lock, q->patience))
		;
	return q->done && q->known;
}

void fenced_mark(struct fenced *f, struct cluster *c, struct volume_info *volumes, size_t n)
{
	cleanup(question_unref_p) struct question *q = NULL;
	size_t attached = 0;

	for (size_t i = 0; i < n; i++)
		attached += volumes[i].attached;
	q = attached ? current(f, c) : NULL;
	if (!q || !question_wait(q))
		return;
	for (size_t i = 0; i < n; i++)
		volumes[i].fenced =
			volumes[i].attached && !strcmp(volumes[i].device.fsid, q->fsid) &&
			blocklist_has(&q->blocklisted, volumes[i].device.client_address);
}

struct fenced *fenced_new(void)
{
	struct fenced *f = calloc(1, sizeof(*f));

	if (f)
		pthread_mutex_init(&f->lock, NULL);
	return f;
}

void fenced_free(struct fenced *f)
{
	if (!f)
		return;
	question_unref(f->last);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
