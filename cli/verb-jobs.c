/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"
#include "base/str.h"
#include "cli/fields.h"
#include "cli/verb.h"

static char *failure(const json_t *job, const char *key)
{
	return field_text(json_object_get(job, key), "message");
}

static char *percent(const json_t *job, const char *key)
{
	const json_t *v = json_object_get(job, key);
	char *out;

	return !json_is_number(v) || str_printf(&out, "%.0f %%", 100 * json_number_value(v)) < 0
		       ? NULL
		       : out;
}

/* "running", or "stuck since …". */
static char *state(const json_t *job, const char *key)
{
	_cleanup_free_ char *since = field_text(job, "stuck_since");
	char *out;

	if (!since)
		return field_text(job, key);
	return str_printf(&out, "stuck since %s", since) < 0 ? NULL : out;
}

static const struct field columns[] = {
	{"ID", "id", field_number, true},	  {"VERB", "verb", field_text, false},
	{"VOLUME", "volume", field_text, false},  {"STEP", "step", field_text, false},
	{"AGE", "age", field_age, true},	  {"STATE", "state", state, false},
	{"IN STEP", "step_age", field_age, true}, {"DONE", "progress", percent, true},
	{"ERROR", "error", failure, false},
};

int verb_jobs(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	int status;

	(void)n;
	(void)args;
	if (cli_answer(cli, verb, NULL, &answer, &status) &&
	    fields_print_table(columns, ARRAY_SIZE(columns), json_object_get(answer, "jobs"), &e) <
		    0)
		return cli_fail(cli, NULL, e);
	return status;
}
