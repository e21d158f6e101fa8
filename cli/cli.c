/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"
#include "base/json.h"
#include "base/socket-path.h"
#include "base/str.h"
#include "cli/ceph-args.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/strlist.h"
#include "base/value.h"
#include "cli/client.h"
#include "cli/interrupt.h"

/* Longer than the daemon's own time for an answer, so that it is the daemon that tells where the
 * time went. */
#define ANSWER_MARGIN_US  (10 * USEC_PER_SEC)
#define ANSWER_DEFAULT_US (120 * USEC_PER_SEC)
#define RETRY_EVERY_US	  (2 * USEC_PER_SEC)
#define CANCEL_WAIT_S	  2 /* who pressed Ctrl-C wants to be gone */

int cli_init(struct cli *cli, struct err **e)
{
	const char *ceph_args = getenv("CEPH_ARGS");

	*cli = (struct cli){
		.socket_path = socket_path(),
		.options = json_object(),
	};
	if (!cli->options)
		return err_oom(e);
	return ceph_args ? cli_apply_ceph_args(cli, ceph_args, e) : 0;
}

void cli_deinit(struct cli *cli)
{
	request_deinit(&cli->request);
	json_decref(cli->options);
	*cli = (struct cli){0};
}

int cli_set_option(struct cli *cli, enum verb verbs, const char *key, const char *text,
		   struct err **e)
{
	int r = request_set(&cli->request, verbs, key, text, e);
	bool on = false;
	json_t *value;

	if (r >= 0 && request_option_find(verbs, key)->kind == REQUEST_FLAG)
		r = value_bool(key, text, &on, e) < 0 ? -EINVAL : 1;
	if (r < 0)
		return r;
	value = r ? json_boolean(on) : json_string(text);
	if (!value)
		return err_set(e, ERR_USAGE, -EINVAL, "the value of '%s' is not valid UTF-8", key);
	return json_object_set_new(cli->options, key, value) < 0 ? err_oom(e) : 0;
}

/* Adds the query "?key=value&…" of OPTIONS to F. */
static int print_query(FILE *f, const json_t *options)
{
	const char *key;
	json_t *value;
	char separator = '?';

	json_object_foreach((json_t *)options, key, value) {
		_cleanup_free_ char *text =
			client_encode(json_is_true(value) ? "yes" : json_string_value(value));

		if (!text)
			return -ENOMEM;
		fprintf(f, "%c%s=%s", separator, key, text);
		separator = '&';
	}
	return 0;
}

/* A number alone is a job's; a volume of such a name is cancelled with its pool. */
static const char *verb_path(enum verb verb, const char *name)
{
	bool is_job =
		verb == VERB_CANCEL && name && *name && strspn(name, "0123456789") == strlen(name);

	return is_job ? "/v1/jobs/*/cancel" : verb_info(verb)->path;
}

/* VERB's path with NAME in it, and QUERY behind. The caller frees it; NULL when out of memory. */
static char *make_target(enum verb verb, const char *name, const json_t *query)
{
	_cleanup_free_ char *encoded = client_encode(name ? name : "");
	const char *path = verb_path(verb, name), *star = strchr(path, '*');
	struct text out;
	FILE *f = encoded ? text_begin(&out) : NULL;
	char *target;
	int r;

	if (!f)
		return NULL;
	if (star)
		fprintf(f, "%.*s%s%s", (int)(star - path), path, encoded, star + 1);
	else
		fputs(path, f);
	r = query ? print_query(f, query) : 0;
	target = text_end(f, &out);
	if (r < 0)
		free(steal(&target));
	return target;
}

void cli_print_clean(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(iscntrl((unsigned char)*text) ? '?' : *text, f);
}

/* One line on stderr, which has no buffer, in one write: others may write there, too. */
static void print_line(const char *what, const char *text, const char *hint)
{
	_cleanup_free_ char *line = NULL;
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return;
	fprintf(f, "rbdvol: %s", what);
	cli_print_clean(f, text);
	if (hint) {
		fputs(" (", f);
		cli_print_clean(f, hint);
		fputc(')', f);
	}
	fputc('\n', f);
	line = text_end(f, &out);
	if (line)
		fputs(line, stderr);
}

/* The job that is at the volume NAME, as the user wrote it, may be without its pool. */
static bool is_at(const json_t *job, const char *name)
{
	const char *volume = json_string_value(json_object_get(job, "volume"));
	const char *state = json_string_value(json_object_get(job, "state"));
	size_t skip = volume && name ? strlen(volume) - strlen(name) : 0;

	return volume && name && state && (!strcmp(state, "running") || !strcmp(state, "queued")) &&
	       skip <= strlen(volume) && !strcmp(volume + skip, name) &&
	       (!skip || volume[skip - 1] == '/');
}

/* The number of the last job at the volume NAME, as far as the daemon tells it at once; 0. */
static long long find_job(const struct cli *cli, const char *name)
{
	struct deadline deadline = deadline_in(USEC_PER_SEC);
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_close_ int fd = client_connect(cli->socket_path, deadline, &e);
	long long id = 0;
	json_t *job;
	size_t i;

	if (fd >= 0)
		client_exchange(fd, "GET", "/v1/jobs", NULL, deadline, &answer, &e);
	json_array_foreach(json_object_get(answer, "jobs"), i, job) {
		if (is_at(job, name))
			id = json_integer_value(json_object_get(job, "id"));
	}
	return id;
}

/* The options of the request that matter to its end, too, and how long to wait for that. */
static json_t *cancel_options(const struct cli *cli)
{
	json_t *options = json_pack("{s:i}", "timeout", CANCEL_WAIT_S), *value;
	const char *key;

	json_object_foreach(cli->options, key, value) {
		if (request_option_find(VERB_CANCEL, key) && strcmp(key, "timeout") != 0)
			json_object_set(options, key, value);
	}
	return options;
}

/* Have the job ID end, or where that is 0 what is under way on the volume NAME, and tell how it
 * did, or that it has not yet. */
static void cancel(const struct cli *cli, long long id, const char *name)
{
	struct deadline deadline = deadline_in(2 * CANCEL_WAIT_S * USEC_PER_SEC);
	_cleanup_json_ json_t *options = cancel_options(cli), *answer = NULL;
	_cleanup_free_ char *target = NULL;
	_cleanup_close_ int fd = -1;
	_cleanup_err_ struct err *e = NULL;
	const char *outcome = NULL;
	char number[24];

	snprintf(number, sizeof(number), "%lld", id);
	target = make_target(VERB_CANCEL, id ? number : name, NULL);
	fd = target ? client_connect(cli->socket_path, deadline, &e) : err_oom(&e);
	if (fd >= 0 && client_exchange(fd, "POST", target, options, deadline, &answer, &e) >= 0)
		outcome = json_string_value(json_object_get(answer, "outcome"));
	if (!outcome)
		outcome = e ? e->message : "?";
	print_line("", outcome, e ? e->hint : NULL);
}

static _Noreturn void interrupted(const struct cli *cli, enum verb verb, const char *name)
{
	bool ends = verb_info(verb)->ends;
	char text[64];
	long long id;

	interrupt_release(); /* a second one ends this, too */
	id = find_job(cli, name);
	if (id)
		snprintf(text, sizeof(text),
			 ends ? "interrupted: ending job %lld" : "interrupted; job %lld goes on",
			 id);
	else
		snprintf(text, sizeof(text),
			 ends ? "interrupted: ending what was asked for"
			      : "interrupted; what was asked for may go on");
	print_line("", text, ends ? NULL : "see 'rbdvol jobs'");
	if (ends)
		cancel(cli, id, name);
	interrupt_end();
}

int cli_call_once(struct cli *cli, enum verb verb, const char *name, const json_t *options,
		  json_t **out, struct err **e)
{
	const char *method = verb_info(verb)->method;
	uint64_t timeout_us = cli->request.timeout_us;
	struct deadline deadline =
		deadline_in(timeout_us ? timeout_us + ANSWER_MARGIN_US : ANSWER_DEFAULT_US);
	bool query = !strcmp(method, "GET");
	_cleanup_free_ char *target = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	*out = NULL;
	/* Without a name the path would be that of all volumes. */
	if (name && !*name)
		return err_set(e, ERR_USAGE, -EINVAL, "the name of a volume is empty");
	target = make_target(verb, name, query ? options : NULL);
	if (!target)
		return err_oom(e);
	fd = client_connect(cli->socket_path, deadline, e);
	if (fd < 0)
		return fd;
	if (query)
		return client_exchange(fd, method, target, NULL, deadline, out, e);
	interrupt_catch();
	r = client_exchange(fd, method, target, options, deadline, out, e);
	if (interrupt_came())
		interrupted(cli, verb, name);
	interrupt_release();
	return r;
}

void cli_print_json(const json_t *answer)
{
	json_dumpf(answer, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	fputc('\n', stdout);
}

/* By itself, so that it is worth to try again. */
static bool may_change(enum err_kind kind)
{
	return kind == ERR_UNREACHABLE || kind == ERR_HELD || kind == ERR_BUSY;
}

static void pause_until(struct deadline deadline)
{
	uint64_t left = deadline_left_us(deadline),
		 us = left < RETRY_EVERY_US ? left : RETRY_EVERY_US;
	struct timespec pause = {
		.tv_sec = (time_t)(us / USEC_PER_SEC),
		.tv_nsec = (long)(us % USEC_PER_SEC) * 1000,
	};

	nanosleep(&pause, NULL);
}

int cli_call(struct cli *cli, enum verb verb, const char *name, const json_t *options, json_t **out,
	     struct err **e)
{
	struct deadline deadline = deadline_in(cli->retry_us);
	bool told = false;

	for (;;) {
		int r = cli_call_once(cli, verb, name, options, out, e);

		if (r >= 0 || !may_change((*e)->kind) || deadline_passed(deadline))
			return r;
		if (!told)
			print_line("trying again: ", (*e)->message, NULL);
		told = true;
		err_free(*e);
		*e = NULL;
		json_decref(*out);
		*out = NULL;
		pause_until(deadline);
	}
}

void cli_notes(const json_t *answer)
{
	json_t *note;
	size_t i;

	json_array_foreach(json_object_get(answer, "notes"), i, note) {
		if (json_is_string(note))
			print_line("note: ", json_string_value(note), NULL);
	}
}

static void print_json_error(const struct err *e)
{
	_cleanup_json_ json_t *document =
		json_pack("{s:{s:s, s:s, s:s*}}", "error", "code", err_name(e->kind), "message",
			  e->message, "hint", e->hint);

	if (document)
		cli_print_json(document);
}

int cli_fail(const struct cli *cli, const json_t *answer, const struct err *e)
{
	cli_notes(answer);
	print_line("", e->message, e->hint);
	if (cli->json && answer)
		cli_print_json(answer);
	else if (cli->json)
		print_json_error(e);
	return err_exit_status(e->kind);
}

bool cli_answer(struct cli *cli, enum verb verb, const char *name, json_t **out, int *status)
{
	_cleanup_err_ struct err *e = NULL;

	*status = 0;
	if (cli_call(cli, verb, name, cli->options, out, &e) < 0) {
		*status = cli_fail(cli, *out, e);
		return false;
	}
	cli_notes(*out);
	if (cli->json)
		cli_print_json(*out);
	return !cli->json;
}

bool cli_confirm(const struct cli *cli, const char *question)
{
	char line[16] = "";

	if (cli->yes || !isatty(STDIN_FILENO))
		return true;
	fprintf(stderr, "rbdvol: ");
	cli_print_clean(stderr, question);
	fprintf(stderr, " [y/N] ");
	return fgets(line, sizeof(line), stdin) && (!strcmp(line, "y\n") || !strcmp(line, "yes\n"));
}

int cli_ask(const struct cli *cli, const char *what, const char *done, int n, char **names)
{
	_cleanup_free_ char *list = NULL, *question = NULL;
	_cleanup_strlist_ struct strlist all = {0};
	_cleanup_err_ struct err *e = NULL;

	for (int i = 0; i < n; i++)
		strlist_add(&all, "%s", names[i]);
	list = strlist_join(&all, ", ", 0);
	if (!list || str_printf(&question, "%s %s?", what, list) < 0) {
		question = NULL;
		err_oom(&e);
	} else if (!cli_confirm(cli, question)) {
		err_set(&e, ERR_FAILED, -ECANCELED, "%s %s not %s: you did not say yes", list,
			n > 1 ? "are" : "is", done);
	}
	return e ? cli_fail(cli, NULL, e) : 0;
}

int cli_each(struct cli *cli, enum verb verb, int n, char **names,
	     void (*tell)(enum verb verb, const json_t *answer), json_t *answers)
{
	int status = 0;

	for (int i = 0; i < n; i++) {
		_cleanup_err_ struct err *e = NULL;
		_cleanup_json_ json_t *answer = NULL;

		if (cli_call(cli, verb, names[i], cli->options, &answer, &e) < 0) {
			int failed = cli_fail(cli, answer, e);

			status = status ? status : failed;
			continue;
		}
		cli_notes(answer);
		if (cli->json)
			cli_print_json(answer);
		else if (tell)
			tell(verb, answer);
		if (answers)
			json_array_append(answers, answer);
	}
	return status;
}
