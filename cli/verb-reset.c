/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/fields.h"
#include "cli/verb.h"

static void tell(const json_t *answer)
{
	fields_print_space(answer, "reset", "used");
}

int verb_reset(struct cli *cli, int n, char **args)
{
	int status = cli_ask(cli, "Drop all that was written to", "reset", n, args);

	return status ? status : cli_each(cli, "POST", "reset", n, args, tell, NULL);
}
