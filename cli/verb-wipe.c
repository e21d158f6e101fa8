/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/fields.h"
#include "cli/verb.h"

static void tell(const json_t *answer)
{
	fields_print_space(answer, "wiped", "used");
}

int verb_wipe(struct cli *cli, int n, char **args)
{
	int status = cli_ask(cli, "Erase all data of", "wiped", n, args);

	return status ? status : cli_each(cli, "POST", "wipe", n, args, tell, NULL);
}
