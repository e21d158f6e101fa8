/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol: the command, a client of rbdvold. */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "cli/help.h"
#include "cli/mount.h"
#include "cli/options.h"
#include "cli/umount.h"
#include "cli/verb.h"

/* What mount(8) was called with may lack the directories of mkfs and blkid. */
#define HELPER_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* mount(8) and umount(8) call us by these names. */
static const struct {
	const char *name;
	int (*run)(struct cli *cli, int argc, char **argv);
} helpers[] = {
	{"mount.rbdvol", mount_main},
	{"umount.rbdvol", umount_main},
};

static int main_run(struct cli *cli, int argc, char **argv, struct err **e)
{
	const struct verb_info *verb;
	char **args;
	const char *name = basename(argc ? argv[0] : "");
	int n, r;

	r = cli_init(cli, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(helpers); i++)
		if (!strcmp(name, helpers[i].name)) {
			setenv("PATH", HELPER_PATH, 1);
			return helpers[i].run(cli, argc, argv);
		}
	if (r == 0)
		r = options_parse(cli, argc, argv, &verb, &n, &args, e);
	if (r < 0)
		return cli_fail(cli, NULL, *e);
	if (r == OPTIONS_HELP)
		options_print_help(stdout, verb);
	else if (r == OPTIONS_VERSION)
		puts("rbdvol " PACKAGE_VERSION);
	else
		return verb_runner_of(verb->verb)(cli, verb->verb, n, args);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_cli_ struct cli cli = {0};
	int status;

	setlocale(LC_CTYPE, ""); /* widths of a table's cells */
	status = main_run(&cli, argc, argv, &e);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "rbdvol: cannot write the output: %m\n");
		status = status ? status : err_exit_status(ERR_FAILED);
	}
	return status;
}
