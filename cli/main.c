/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol: the command, a client of rbdvold. */
#include <errno.h>
#include <locale.h>

#include "cli/options.h"

static int run(struct cli *cli, int argc, char **argv, struct err **e)
{
	const struct verb_def *verb;
	char **args;
	int n, r;

	r = cli_init(cli, e);
	if (r == 0)
		r = options_parse(cli, argc, argv, &verb, &n, &args, e);
	if (r < 0)
		return cli_fail(cli, NULL, *e);
	if (r == OPTIONS_HELP)
		options_print_help(stdout, verb);
	else if (r == OPTIONS_VERSION)
		puts("rbdvol " PACKAGE_VERSION);
	else
		return verb->run(cli, n, args);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_cli_ struct cli cli = {0};
	int status;

	setlocale(LC_CTYPE, ""); /* widths of a table's cells */
	status = run(&cli, argc, argv, &e);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "rbdvol: can't write the output: %m\n");
		status = status ? status : err_exit_status(ERR_FAILED);
	}
	return status;
}
