/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/probe.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

#include "base/lock.h"
#include "base/thread.h"

typedef int content_look(const char *node, struct content *out, struct err **e);

/* One read, by a thread of its own, and whoever waits for it. */
struct probe {
	struct probes *probes;
	char *node;
	content_look *look;
	bool done;
	bool given_up; /* nobody waits any more: the thread frees it */
	int result;
	struct content content;
	struct err *error;
	LIST_ENTRY(probe) link;
};

struct probes {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned refs; /* of the owner, and of each probe */
	LIST_HEAD(, probe) running;
};

struct probes *probes_new(void)
{
	struct probes *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	LIST_INIT(&p->running);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	return p;
}

void probes_end(struct probes *p)
{
	bool last;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	last = !--p->refs;
	pthread_mutex_unlock(&p->lock);
	if (!last)
		return;
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static void probe_free(struct probe *probe)
{
	struct probes *p = probe->probes;

	content_deinit(&probe->content);
	err_free(probe->error);
	free(probe->node);
	free(probe);
	probes_end(p);
}

static void *thread_main(void *arg)
{
	struct probe *probe = arg;
	struct probes *p = probe->probes;
	bool given_up;

	pthread_setname_np(pthread_self(), "probe");
	probe->result = probe->look(probe->node, &probe->content, &probe->error);
	pthread_mutex_lock(&p->lock);
	LIST_REMOVE(probe, link);
	probe->done = true;
	given_up = probe->given_up;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	if (given_up)
		probe_free(probe);
	return NULL;
}

static struct probe *probe_find(const struct probes *p, const char *node)
{
	struct probe *probe;

	LIST_FOREACH(probe, &p->running, link)
	if (!strcmp(probe->node, node))
		return probe;
	return NULL;
}

/* Locked. False: the deadline has passed. */
static bool wait_for_change(struct probes *p, struct deadline d)
{
	return deadline_wait(&p->changed, &p->lock, d) == 0 || !deadline_passed(d);
}

/* Locked. 0: nobody reads NODE, and *out may; -ETIMEDOUT: somebody does, without end. */
static int begin(struct probes *p, const char *node, content_look *look, struct deadline deadline,
		 struct probe **out)
{
	struct probe *probe;
	int r;

	while ((probe = probe_find(p, node)))
		if (probe->given_up || !wait_for_change(p, deadline))
			return -ETIMEDOUT;
	probe = calloc(1, sizeof(*probe));
	if (!probe || !(probe->node = strdup(node))) {
		free(probe);
		return -ENOMEM;
	}
	probe->probes = p;
	probe->look = look;
	r = thread_start(thread_main, probe);
	if (r < 0) {
		free(probe->node);
		free(probe);
		return r;
	}
	p->refs++;
	LIST_INSERT_HEAD(&p->running, probe, link);
	*out = probe;
	return 0;
}

/* 0: *out is done, and the caller's. */
static int read_by_thread(struct probes *p, const char *node, content_look *look,
			  struct deadline deadline, struct probe **out)
{
	int r;

	WITH_LOCK(&p->lock);
	r = begin(p, node, look, deadline, out);
	while (!r && !(*out)->done)
		if (!wait_for_change(p, deadline) && !(*out)->done) {
			(*out)->given_up = true;
			return -ETIMEDOUT;
		}
	return r;
}

static int no_answer(const char *node, int r, struct err **e)
{
	if (r != -ETIMEDOUT)
		return err_errno(e, r, "cannot look at what is on %s", node);
	return err_set(e, ERR_UNREACHABLE, r,
		       "what is on %s is not known: a read of it is not answered by the cluster",
		       node);
}

static int probe_look_at(struct probes *p, const char *node, content_look *look,
			 struct deadline deadline, struct content *out, struct err **e)
{
	struct probe *probe = NULL;
	int r = read_by_thread(p, node, look, deadline, &probe);

	*out = (struct content){0};
	if (r < 0)
		return no_answer(node, r, e);
	r = probe->result;
	*out = probe->content;
	probe->content = (struct content){0};
	*e = steal(&probe->error);
	probe_free(probe);
	return r;
}

int probes_content(struct probes *p, const char *node, struct deadline deadline,
		   struct content *out, struct err **e)
{
	return probe_look_at(p, node, content_probe, deadline, out, e);
}

int probes_ends(struct probes *p, const char *node, struct deadline deadline, struct content *out,
		struct err **e)
{
	return probe_look_at(p, node, content_ends, deadline, out, e);
}
