/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

#include <errno.h>

int verb_attach(struct cli *cli, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	const char *link = NULL;

	(void)n;
	if (cli_call(cli, "POST", "volumes", args[0], "attach", cli->options, &answer, &e) < 0)
		return cli_fail(cli, answer, e);
	cli_notes(answer);
	if (cli->json) {
		cli_print_json(answer);
		return 0;
	}
	json_unpack(answer, "{s?s}", "link", &link);
	if (!link) {
		err_set(&e, ERR_FAILED, -EBADMSG, "%s is attached, but rbdvold tells no link of it",
			args[0]);
		return cli_fail(cli, NULL, e);
	}
	puts(link);
	return 0;
}
