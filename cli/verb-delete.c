/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

int verb_delete(struct cli *cli, int n, char **args)
{
	return cli_each(cli, "DELETE", NULL, n, args, NULL, NULL);
}
