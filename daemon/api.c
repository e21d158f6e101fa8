/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/api.h"
#include "base/str.h"
#include "daemon/cancel.h"
#include "daemon/job-view.h"
#include "volume/list.h"
#include "volume/progress.h"
#include "volume/show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/value.h"
#include "daemon/json.h"
#include "daemon/log.h"
#include "volume/finding.h"

void call_deinit(struct call *c)
{
	runtime_unref(c->runtime);
	free(c->subject);
	request_deinit(&c->req);
	*c = (struct call){0};
}

uint64_t call_timeout_us(const struct call *c)
{
	return c->req.timeout_us ? c->req.timeout_us : c->runtime->config.timeout_us;
}

static bool is_open_to_all(const char *wanted, const char *configured,
			   const struct strlist *allowed)
{
	return !wanted || (configured && !strcmp(wanted, configured)) ||
	       strlist_has(allowed, wanted) || strlist_has(allowed, "*");
}

static int refuse_choice(const struct call *c, const char *what, const char *wanted,
			 const char *key, struct err **e)
{
	err_set(e, ERR_NOT_PERMITTED, -EPERM, "user %u may not choose the %s '%s'",
		(unsigned)c->uid, what, wanted);
	return err_hint(e, "root may; '%s' in rbdvol.conf names those that others may choose", key);
}

int call_check_choice(const struct call *c, struct err **e)
{
	const struct config *config = &c->runtime->config;

	if (!c->uid)
		return 0;
	if (!is_open_to_all(c->req.user, config->user, &config->allowed_users))
		return refuse_choice(c, "Ceph user", c->req.user, "allow-user", e);
	if (!is_open_to_all(c->req.cluster, config->cluster, &config->allowed_clusters))
		return refuse_choice(c, "cluster", c->req.cluster, "allow-cluster", e);
	return 0;
}

static void answer_failure(struct answer *a, const struct err *e, const char *volume, uint64_t job,
			   const struct strlist *notes)
{
	a->status = err_http_status(e->kind);
	a->body = json_render(json_error(e, volume, job, notes));
}

void answer_error(struct answer *a, const struct err *e, const char *volume, uint64_t job)
{
	answer_failure(a, e, volume, job, NULL);
}

/* Takes BODY. */
static void answer_json(struct answer *a, json_t *body)
{
	a->status = 200;
	a->body = json_render(body);
}

static void answer_job(struct answer *a, const struct job *job, const char *volume)
{
	const struct err *e = job_error(job);

	if (e) {
		answer_failure(a, e, volume, 0, job_notes(job));
		return;
	}
	a->status = 200;
	a->body = job_result(job) ? strdup(job_result(job)) : NULL;
}

static void answer_later(struct answer *a, const struct job *job, const char *volume,
			 const char *why)
{
	_cleanup_err_ struct err *e = NULL;

	err_set(&e, ERR_UNREACHABLE, -ETIMEDOUT, "still running: job %" PRIu64 "%s%s", job_id(job),
		why ? ", " : "", why ? why : "");
	err_hint(&e, "it goes on; 'rbdvol jobs' shows how it stands");
	answer_error(a, e, volume, job_id(job));
}

/* What a job works on; owned by the job. */
struct work {
	struct runtime *runtime;
	enum verb verb;
	volume_operation *operation; /* NULL: the list, or */
	finding_operation *findings; /* a look that finds */
	struct spec spec;
	char *name; /* of the volume; NULL: the list */
	struct volume_request req;
	struct strlist notes; /* to be told with the result */
};

static void work_free(void *arg)
{
	struct work *w = arg;

	runtime_unref(w->runtime);
	spec_deinit(&w->spec);
	free(w->name);
	strlist_deinit(&w->notes);
	request_deinit(&w->req);
	free(w);
}

static void work_freep(struct work **w)
{
	if (*w)
		work_free(*w);
}

/* In the journal the fields have it. */
static void log_trace(const struct log_fields *fields)
{
	_cleanup_free_ char *steps = trace_format(fields->trace);

	log_debug("job %" PRIu64 ", %s: %s", fields->job, fields->operation, steps ? steps : "?");
}

/* One line a job, at its end. Looking is not logged. */
static void log_end(const struct work *w, struct job *job, uint64_t took_us,
		    const struct volume_info *v, const struct err *e)
{
	const struct trace trace = job_trace(job);
	bool read = verb_info(w->verb)->access == ACCESS_READ;
	const char *node = v && v->attached ? v->device.node : NULL;
	struct log_fields fields = {
		.volume = w->name,
		.operation = verb_name(w->verb),
		.device = node,
		.job = job_id(job),
		.duration_us = took_us,
		.trace = &trace,
		.error = e ? err_name(e->kind) : NULL,
	};
	double s = (double)took_us / USEC_PER_SEC;

	if (e)
		log_event(read ? LOG_DEBUG : LOG_WARNING, &fields, "%s%s%s: %s (%.2f s)",
			  fields.operation, w->name ? " " : "", w->name ? w->name : "", e->message,
			  s);
	else
		log_event(read ? LOG_DEBUG : LOG_INFO, &fields, "%s%s%s: done%s%s (%.2f s)",
			  fields.operation, w->name ? " " : "", w->name ? w->name : "",
			  node ? ", " : "", node ? node : "", s);
	log_trace(&fields);
}

static int render(json_t *json, char **result, struct err **e)
{
	*result = json_render(json);
	return *result ? 0 : err_oom(e);
}

static int run_operation(struct job *job, void *arg, char **result, struct err **e)
{
	_cleanup_volume_info_ struct volume_info v = {0};
	uint64_t start_us = clock_now_us();
	struct work *w = arg;
	int r = w->operation(w->runtime->host, &w->spec, &w->req, job_progress(job), &v, e);

	log_end(w, job, clock_now_us() - start_us, r < 0 ? NULL : &v, *e);
	if (r < 0)
		return r;
	return render(json_volume(&v, w->verb, job_notes(job)), result, e);
}

static int run_list(struct job *job, void *arg, char **result, struct err **e)
{
	cleanup(volume_list_deinit) struct volume_list list = {0};
	uint64_t start_us = clock_now_us();
	struct work *w = arg;
	int r = volume_list(w->runtime->host, &w->req, job_progress(job), &list, e);

	for (size_t i = 0; i < w->notes.n; i++)
		progress_note(job_progress(job), "%s", w->notes.items[i]);
	log_end(w, job, clock_now_us() - start_us, NULL, *e);
	if (r < 0)
		return r;
	return render(json_volumes(&list, job_notes(job)), result, e);
}

static int run_findings(struct job *job, void *arg, char **result, struct err **e)
{
	cleanup(finding_list_deinit) struct finding_list list = {0};
	uint64_t start_us = clock_now_us();
	struct work *w = arg;
	int r = w->findings(w->runtime->host, &w->req, job_progress(job), &list, e);

	log_end(w, job, clock_now_us() - start_us, NULL, *e);
	return r < 0 ? r : render(json_findings(&list, job_notes(job)), result, e);
}

/* Takes the request out of the call. */
static int work_new(struct call *c, volume_operation *operation, struct work **out, struct err **e)
{
	struct work *w = calloc(1, sizeof(*w));

	if (!w)
		return err_oom(e);
	w->runtime = runtime_ref(c->runtime);
	w->verb = c->verb;
	w->operation = operation;
	w->req = c->req;
	c->req = (struct volume_request){0};
	*out = w;
	return 0;
}

/* VALUE with its length before it, so that no two lists of values read the same. */
static void identify(FILE *f, const char *key, const char *value)
{
	fprintf(f, " %s=%zu:%s", key, strlen(value), value);
}

static void identify_option(FILE *f, const struct request_option *o, const void *field)
{
	const char *text;

	switch (o->kind) {
	case REQUEST_TEXT:
	case REQUEST_CLUSTER:
	case REQUEST_USER:
		text = *(char *const *)field;
		if (text)
			identify(f, o->key, text);
		break;
	case REQUEST_SIZE:
	case REQUEST_VOLUME_SIZE:
	case REQUEST_NUMBER:
		fprintf(f, " %s=%" PRIu64, o->key, *(const uint64_t *)field);
		break;
	case REQUEST_FLAG:
		fprintf(f, " %s=%d", o->key, *(const bool *)field);
		break;
	case REQUEST_SECONDS: /* how long the caller waits makes no other request of it */
		break;
	}
}

/* The request in full, for comparison; the caller frees it. */
static char *identity_of(const struct work *w, const char *key)
{
	const struct config *config = &w->runtime->config;
	const char *user = w->req.user ? w->req.user : config->user;
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return NULL;
	fprintf(f, "%s %s", verb_name(w->verb), key);
	identify(f, "volume", w->name ? w->name : "");
	identify(f, "as", user ? user : "");
	for (size_t i = 0; i < request_options_n; i++)
		if (request_options[i].verbs != VERB_EVERY)
			identify_option(f, &request_options[i],
					(const char *)&w->req + request_options[i].offset);
	if (w->req.device)
		identify(f, "device", w->req.device);
	if (w->req.from) /* whose pool may be the default one */
		identify(f, "pool", w->req.pool ? w->req.pool : config->pool);
	return text_end(f, &out);
}

/* A job's own deadline does not shrink with the caller's patience: what goes on after 'still
 * running' shall get done. It ends a little before the caller's, so that a wait that fails can
 * still say why. */
static uint64_t job_timeout_us(const struct work *w)
{
	uint64_t asked = w->req.timeout_us, usual = w->runtime->config.timeout_us;
	uint64_t us = asked > usual ? asked : usual;

	return us - (us > 10 * USEC_PER_SEC ? USEC_PER_SEC : us / 10);
}

/* Submit W (taken) and wait for it. SUBJECT: what it is about, with which changes are put in order;
 * NULL: nothing. */
static void perform(struct call *c, struct work *w, const char *subject, struct deadline deadline,
		    struct answer *a)
{
	const char *key = verb_info(w->verb)->access == ACCESS_READ ? NULL : subject;
	_cleanup_free_ char *identity = key ? identity_of(w, key) : NULL;
	_cleanup_free_ char *name = w->name ? strdup(w->name) : NULL, *why = NULL;
	_cleanup_err_ struct err *e = NULL;
	_cleanup_job_ struct job *job = NULL;
	struct job_task task = {
		.verb = w->verb,
		.volume = w->name ? w->name : "",
		.key = key,
		.subject = subject,
		.uid = c->uid,
		.identity = identity,
		.timeout_us = job_timeout_us(w),
		.run = w->findings ? run_findings : run_list,
		.free = work_free,
		.arg = w,
	};

	if (w->operation)
		task.run = run_operation;
	if (job_submit(service_jobs(c->service), &task, &job, &e) < 0) {
		answer_error(a, e, name, 0);
		a->status = 503; /* ours, not the volume's */
		return;
	}
	if (job_wait(job, deadline, &why))
		answer_job(a, job, name);
	else
		answer_later(a, job, name, why);
}

/* What of volume/ serves a verb. */
struct serving {
	volume_operation *operation; /* of one volume; or NULL */
	finding_operation *findings; /* or NULL */
};
#define SERVING(of_volume, of_findings)                                                            \
	{                                                                                          \
		.operation = (of_volume), .findings = (of_findings)                                \
	}
#define SERVING_VOLUME(name)   SERVING(volume_##name, NULL)
#define SERVING_FINDINGS(name) SERVING(NULL, volume_##name)
#define SERVING_LIST(name)     SERVING(NULL, NULL)
#define SERVING_CANCEL(name)   SERVING(NULL, NULL)
#define SERVING_JOBS(name)     SERVING(NULL, NULL)
#define SERVING_NONE(name)     SERVING(NULL, NULL)
static const struct serving servings[VERBS_N] = {
#define VERB(id, name, method, path, access, served, ...) SERVING_##served(name),
#include "base/verbs.def"
#undef VERB
};

static const struct serving *serving_of(enum verb verb)
{
	return &servings[verb_info(verb) - verb_infos];
}

/* The volume that the call names, and what is to be done with it. */
static int work_prepare(struct call *c, struct work **out, struct err **e)
{
	cleanup(work_freep) struct work *w = NULL;
	struct spec spec = {0};
	int r;

	if (c->req.all && c->verb != VERB_TRIM)
		return err_set(e, ERR_USAGE, -EINVAL, "'all' and a volume exclude each other");
	r = request_check(&c->req, c->verb, e);
	if (!r)
		r = volume_resolve(c->runtime->host, &c->req, c->subject, &spec, e);
	if (r < 0)
		return r;
	r = work_new(c, serving_of(c->verb)->operation, &w, e);
	if (r < 0) {
		spec_deinit(&spec);
		return r;
	}
	w->spec = spec;
	w->name = spec_format(&w->spec);
	if (!w->name)
		return err_oom(e);
	*out = steal(&w);
	return 0;
}

/* What changes a volume and names a snapshot of it is put in order with what changes the volume. */
static char *work_key(const struct call *c, const struct work *w)
{
	const struct spec head = {w->spec.pool, w->spec.ns, w->spec.image, NULL};
	_cleanup_free_ char *name = NULL;

	if (!(c->verb & (VERB_SNAPSHOT | VERB_ROLLBACK | VERB_DELETE)))
		return volume_key(c->runtime, w->req.cluster, w->name);
	name = spec_format(&head);
	return name ? volume_key(c->runtime, w->req.cluster, name) : NULL;
}

static void handle_volume(struct call *c, struct answer *a)
{
	struct deadline deadline = deadline_in(call_timeout_us(c));
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *key = NULL;
	struct work *w = NULL;

	if (work_prepare(c, &w, &e) < 0) {
		answer_error(a, e, c->subject, 0);
		return;
	}
	key = work_key(c, w);
	if (!key) {
		work_free(w);
		return;
	}
	perform(c, w, key, deadline, a);
}

/* What is stuck is news for who asks how things stand. */
static int tell_stuck(struct service *s, struct strlist *out)
{
	_cleanup_job_views_ struct job_views views = {0};
	int r = job_queue_view(service_jobs(s), &views);

	for (size_t i = 0; !r && i < views.n; i++) {
		const struct job_view *v = &views.items[i];
		time_t since = time(NULL) - (time_t)(v->step_age_us / USEC_PER_SEC);
		const char *step = v->step ? v->step : verb_name(v->verb);
		char clock[32] = "";
		struct tm tm;

		if (!v->stuck)
			continue;
		if (localtime_r(&since, &tm))
			strftime(clock, sizeof(clock), "%F %T", &tm);
		r = strlist_add(out, "%s: %s is stuck in %s since %s (job %" PRIu64 ")", v->volume,
				verb_name(v->verb), step, clock, v->id);
	}
	return r;
}

static void handle_list(struct call *c, struct answer *a)
{
	struct deadline deadline = deadline_in(call_timeout_us(c));
	_cleanup_err_ struct err *e = NULL;
	struct work *w = NULL;

	if (request_check(&c->req, c->verb, &e) < 0 || work_new(c, NULL, &w, &e) < 0) {
		answer_error(a, e, NULL, 0);
		return;
	}
	if (tell_stuck(c->service, &w->notes) < 0) {
		work_free(w);
		return;
	}
	perform(c, w, NULL, deadline, a);
}

static void handle_findings(struct call *c, struct answer *a)
{
	struct deadline deadline = deadline_in(call_timeout_us(c));
	_cleanup_err_ struct err *e = NULL;
	struct work *w = NULL;
	bool changes = verb_info(c->verb)->access != ACCESS_READ;

	if (request_check(&c->req, c->verb, &e) < 0 || work_new(c, NULL, &w, &e) < 0) {
		answer_error(a, e, NULL, 0);
		return;
	}
	w->findings = serving_of(c->verb)->findings;
	perform(c, w, changes ? verb_name(c->verb) : NULL, deadline, a);
}

int call_job_id(const struct call *c, uint64_t *out, struct err **e)
{
	return value_u64("the job's number", c->subject, 1, INT64_MAX, out, e);
}

static void handle_jobs(struct call *c, struct answer *a)
{
	_cleanup_job_views_ struct job_views views = {0};

	if (job_queue_view(service_jobs(c->service), &views) < 0)
		return;
	answer_json(a, json_jobs(&views));
}

static void handle_job(struct call *c, struct answer *a)
{
	_cleanup_job_view_ struct job_view view = {0};
	_cleanup_job_ struct job *job = NULL;
	_cleanup_err_ struct err *e = NULL;
	uint64_t id;

	if (call_job_id(c, &id, &e) < 0) {
		answer_error(a, e, NULL, 0);
		return;
	}
	job = job_find(service_jobs(c->service), id);
	if (!job) {
		err_set(&e, ERR_NOT_FOUND, -ENOENT, "no job %" PRIu64, id);
		err_hint(&e, "a job is removed some minutes after its end");
		answer_error(a, e, NULL, 0);
		return;
	}
	if (job_view(job, &view) == 0)
		answer_json(a, json_job(&view));
}

static void handle_host(struct call *c, struct answer *a)
{
	const struct config *config = &c->runtime->config;
	struct utsname name;

	if (uname(&name) < 0)
		return;
	answer_json(a, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "version", PACKAGE_VERSION,
				 "cluster", json_text(config->cluster), "user",
				 json_text(config->user ? config->user : ""), "pool",
				 json_text(config->pool), "kernel", json_text(name.release), "host",
				 json_text(name.nodename)));
}

#define ROUTE_VOLUME(...)   {__VA_ARGS__, handle_volume},
#define ROUTE_LIST(...)	    {__VA_ARGS__, handle_list},
#define ROUTE_FINDINGS(...) {__VA_ARGS__, handle_findings},
#define ROUTE_CANCEL(...)   {__VA_ARGS__, handle_cancel},
#define ROUTE_JOBS(...)	    {__VA_ARGS__, handle_jobs},
#define ROUTE_NONE(...)
/* What has no verb takes the options of VERB_JOBS: those that every request takes, and no others.
 */
static const struct route routes[] = {
#define VERB(id, name, method, path, access, served, ...)                                          \
	ROUTE_##served(method, path, VERB_##id, ACCESS_##access)
#include "base/verbs.def"
#undef VERB
	{"GET", "/v1/jobs/*", VERB_JOBS, ACCESS_READ, handle_job},
	{"POST", "/v1/jobs/*/cancel", VERB_CANCEL, ACCESS_CHANGE, handle_cancel_job},
	{"GET", "/v1/host", VERB_JOBS, ACCESS_READ, handle_host},
};

static void api_refuse(struct answer *a, const struct err *e, const char *subject)
{
	answer_error(a, e, subject, 0);
}

const struct front api_front = {
	.routes = routes,
	.routes_n = ARRAY_SIZE(routes),
	.content_type = "application/json",
	.refuse = api_refuse,
};
