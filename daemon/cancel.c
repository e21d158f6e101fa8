/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is under way on a volume is to end. The answer tells how it ended: also by success, where it
 * was too late to end it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/json.h"

static int nothing_to_cancel(const char *name, struct err **e)
{
	err_set(e, ERR_NOT_FOUND, -ENOENT, "nothing is under way on %s", name);
	return err_hint(e, "see 'rbdvol jobs'");
}

/* 0 and *out, a sentence; or why it is not over. */
static int outcome(struct job *job, struct deadline deadline, char **out, struct err **e)
{
	_cleanup_free_ char *why = NULL;
	const struct err *failure;

	if (!job) {
		*out = strdup("what waited was cancelled");
		return *out ? 0 : err_oom(e);
	}
	if (!job_wait(job, deadline, &why)) {
		err_set(e, ERR_UNREACHABLE, -ETIMEDOUT,
			"job %" PRIu64 " shall end, but has not yet: %s", job_id(job),
			why ? why : "?");
		return err_hint(e, "it ends when what it waits for does: see 'rbdvol jobs'");
	}
	failure = job_error(job);
	*out = strdup(failure ? failure->message : "it was done before it could be cancelled");
	return *out ? 0 : err_oom(e);
}

static int cancel(struct call *c, const struct spec *spec, char **out_name, char **out_outcome,
		  struct err **e)
{
	struct deadline deadline = deadline_in(call_timeout_us(c));
	_cleanup_free_ char *name = spec_format(spec), *key = NULL;
	_cleanup_job_ struct job *job = NULL;
	int r;

	key = name ? volume_key(c->runtime, &c->req, name) : NULL;
	if (!key)
		return err_oom(e);
	if (!job_cancel(service_jobs(c->service), key, &job))
		return nothing_to_cancel(name, e);
	r = outcome(job, deadline, out_outcome, e);
	*out_name = steal(&name);
	return r;
}

void handle_cancel(struct call *c, struct answer *a)
{
	_cleanup_free_ char *name = NULL, *said = NULL;
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *e = NULL;
	int r = volume_resolve(c->runtime->host, &c->req, c->subject, &spec, &e);

	if (r >= 0)
		r = cancel(c, &spec, &name, &said, &e);
	if (r < 0) {
		answer_error(a, e, c->subject, 0);
		return;
	}
	a->status = 200;
	a->body = json_render(
		json_pack("{s:o, s:o}", "volume", json_text(name), "outcome", json_text(said)));
}
