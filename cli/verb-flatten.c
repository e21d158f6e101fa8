/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

int verb_flatten(struct cli *cli, int n, char **args)
{
	return cli_each(cli, "POST", "flatten", n, args, NULL, NULL);
}
