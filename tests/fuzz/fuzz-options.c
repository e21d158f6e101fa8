/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, a line each word, behind a first line that is CEPH_ARGS: taken, or refused with
 * a reason. */
#include "cli/ceph-args.h"
#include "cli/options.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 32

static void parse(struct cli *cli, int argc, char **argv)
{
	_cleanup_err_ struct err *e = NULL;
	const struct verb_info *verb;
	char **args = NULL;
	int n = -1, r;

	r = options_parse(cli, argc, argv, &verb, &n, &args, &e);
	must_tell(r, e);
	if (r != OPTIONS_RUN)
		return;
	must(verb && n >= 0 && n < argc && (!n || args[n - 1]));
	must(json_is_object(cli->options));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char *rest = text, *argv[WORDS_MAX + 1] = {(char *)"rbdvol"};
	const char *ceph_args = strsep(&rest, "\n");
	_cleanup_cli_ struct cli cli;
	_cleanup_err_ struct err *e = NULL;
	int argc = 1, r;

	must(cli_init(&cli, &e) == 0);
	r = cli_apply_ceph_args(&cli, ceph_args, &e);
	must_tell(r, e);
	while (argc < WORDS_MAX && (argv[argc] = strsep(&rest, "\n")))
		argc++;
	argv[argc] = NULL;
	parse(&cli, argc, argv);
	return 0;
}
