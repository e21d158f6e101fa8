/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

int verb_create(struct cli *cli, int n, char **args)
{
	return cli_each(cli, "PUT", NULL, n, args, NULL, NULL);
}
