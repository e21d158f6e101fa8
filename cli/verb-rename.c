/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cli/verb.h"

int verb_rename(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;

	if ((n == 2) == (cli->request.name != NULL)) {
		err_set(&e, ERR_USAGE, -EINVAL,
			n == 2 ? "rename takes one new name" : "rename to what? a NAME is missing");
		err_hint(&e, "rbdvol rename --help");
		return cli_fail(cli, NULL, e);
	}
	if (n == 2 && cli_set_option(cli, VERB_RENAME, "name", args[1], &e) < 0)
		return cli_fail(cli, NULL, e);
	return cli_each(cli, verb, 1, args, NULL, NULL);
}
