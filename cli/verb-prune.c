/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/json.h"
#include "cli/verb.h"

static void print_finding(const json_t *finding)
{
	const char *about = "", *text = "";

	json_unpack((json_t *)finding, "{s?s, s?s}", "about", &about, "text", &text);
	cli_print_clean(stdout, about);
	fputs(": ", stdout);
	cli_print_clean(stdout, text);
	putchar('\n');
}

int verb_prune(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	json_t *finding;
	size_t i;

	if (n && cli->request.from)
		err_set(&e, ERR_USAGE, -EINVAL, "prune takes one parent");
	if (e || (n && cli_set_option(cli, VERB_PRUNE, "from", args[0], &e) < 0) ||
	    cli_call(cli, verb, NULL, cli->options, &answer, &e) < 0)
		return cli_fail(cli, answer, e);
	cli_notes(answer);
	if (cli->json)
		cli_print_json(answer);
	else
		json_array_foreach(json_object_get(answer, "findings"), i, finding)
			print_finding(finding);
	return 0;
}
