/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cli/verb.h"

int verb_resize(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;

	if ((n == 2) == (cli->request.size_bytes != 0)) {
		err_set(&e, ERR_USAGE, -EINVAL,
			n == 2 ? "resize takes one size" : "resize to what? a SIZE is missing");
		err_hint(&e, "rbdvol resize --help");
		return cli_fail(cli, NULL, e);
	}
	if (n == 2 && cli_set_option(cli, VERB_RESIZE, "size", args[1], &e) < 0)
		return cli_fail(cli, NULL, e);
	return cli_each(cli, verb, 1, args, NULL, NULL);
}
