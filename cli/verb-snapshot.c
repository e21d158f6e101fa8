/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

static void tell(const json_t *answer)
{
	const char *volume = NULL;

	json_unpack((json_t *)answer, "{s?s}", "volume", &volume);
	if (!volume)
		return;
	cli_print_clean(stdout, volume);
	putchar('\n');
}

int verb_snapshot(struct cli *cli, int n, char **args)
{
	return cli_each(cli, "POST", "snapshot", n, args, tell, NULL);
}
