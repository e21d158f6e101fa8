/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/json.h"
#include "cli/verb.h"

/* One line; whether it is an error. */
static bool print_finding(const json_t *finding, bool silent)
{
	const char *level = "", *about = "", *text = "", *advice = NULL;

	json_unpack((json_t *)finding, "{s?s, s?s, s?s, s?s}", "level", &level, "about", &about,
		    "text", &text, "advice", &advice);
	if (!silent) {
		printf("%-8s", level);
		cli_print_clean(stdout, about);
		fputs(": ", stdout);
		cli_print_clean(stdout, text);
		if (advice) {
			fputs(" (", stdout);
			cli_print_clean(stdout, advice);
			putchar(')');
		}
		putchar('\n');
	}
	return !strcmp(level, "error");
}

int verb_doctor(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	bool failed = false;
	json_t *finding;
	size_t i;

	(void)n;
	(void)args;
	if (cli_call(cli, verb, NULL, cli->options, &answer, &e) < 0)
		return cli_fail(cli, answer, e);
	cli_notes(answer);
	if (cli->json)
		cli_print_json(answer);
	json_array_foreach(json_object_get(answer, "findings"), i, finding) {
		failed |= print_finding(finding, cli->json);
	}
	return failed ? err_exit_status(ERR_FAILED) : 0;
}
