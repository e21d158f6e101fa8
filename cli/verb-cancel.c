/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

static void tell(const json_t *answer)
{
	const char *volume = "volume", *outcome = "?";

	json_unpack((json_t *)answer, "{s?s, s?s}", "volume", &volume, "outcome", &outcome);
	cli_print_clean(stdout, volume);
	fputs(": ", stdout);
	cli_print_clean(stdout, outcome);
	putchar('\n');
}

int verb_cancel(struct cli *cli, int n, char **args)
{
	return cli_each(cli, "POST", "cancel", n, args, tell, NULL);
}
