/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is under way on a volume is to end. The answer tells how it ended: also by success, where it
 * was too late to end it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/cancel.h"
#include "daemon/json.h"
#include "volume/show.h"

static int nothing_to_cancel(const char *name, struct err **e)
{
	err_set(e, ERR_NOT_FOUND, -ENOENT, "nothing is under way on %s", name);
	return err_hint(e, "see 'rbdvol jobs'");
}

static int job_end_wait(struct job *job, struct deadline deadline, struct err **e)
{
	_cleanup_free_ char *why = NULL;

	if (job_wait(job, deadline, &why))
		return 0;
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "job %" PRIu64 " shall end, but has not yet: %s",
		job_id(job), why ? why : "?");
	return err_hint(e, "it ends when what it waits for does: see 'rbdvol jobs'");
}

/* 0 and *out, a sentence; or why it is not over. */
static int outcome(const struct jobs *running, struct deadline deadline, char **out, struct err **e)
{
	const struct err *failure = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < running->n; i++)
		r = job_end_wait(running->items[i], deadline, e);
	if (r < 0)
		return r;
	if (running->n)
		failure = job_error(running->items[0]);
	if (!running->n)
		*out = strdup("the waiting job was cancelled");
	else
		*out = strdup(failure ? failure->message
				      : "it was done before it could be cancelled");
	return *out ? 0 : err_oom(e);
}

/* What job_cancel means by SUBJECT and ID, which people call NAME. */
static int cancel(struct call *c, const char *subject, uint64_t id, const char *name, char **out,
		  struct err **e)
{
	struct deadline deadline = deadline_in(call_timeout_us(c));
	_cleanup_jobs_ struct jobs running = {0};
	int n = job_cancel(service_jobs(c->service), subject, id, &running);

	if (n < 0)
		return err_oom(e);
	return n ? outcome(&running, deadline, out, e) : nothing_to_cancel(name, e);
}

static int cancel_volume(struct call *c, char **name, char **said, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_free_ char *key = NULL;
	int r = volume_resolve(c->runtime->host, &c->req, c->subject, &spec, e);

	if (r < 0)
		return r;
	*name = spec_format(&spec);
	key = *name ? volume_key(c->runtime, c->req.cluster, *name) : NULL;
	return key ? cancel(c, key, 0, *name, said, e) : err_oom(e);
}

void handle_cancel(struct call *c, struct answer *a)
{
	_cleanup_free_ char *name = NULL, *said = NULL;
	_cleanup_err_ struct err *e = NULL;

	if (cancel_volume(c, &name, &said, &e) < 0) {
		answer_error(a, e, c->subject, 0);
		return;
	}
	a->status = 200;
	a->body = json_render(
		json_pack("{s:o, s:o}", "volume", json_text(name), "outcome", json_text(said)));
}

static int cancel_job(struct call *c, uint64_t id, char **said, struct err **e)
{
	char name[32];

	snprintf(name, sizeof(name), "job %" PRIu64, id);
	return cancel(c, NULL, id, name, said, e);
}

void handle_cancel_job(struct call *c, struct answer *a)
{
	_cleanup_free_ char *said = NULL;
	_cleanup_err_ struct err *e = NULL;
	uint64_t id;

	if (call_job_id(c, &id, &e) < 0 || cancel_job(c, id, &said, &e) < 0) {
		answer_error(a, e, NULL, 0);
		return;
	}
	a->status = 200;
	a->body = json_render(
		json_pack("{s:I, s:o}", "job", (json_int_t)id, "outcome", json_text(said)));
}
