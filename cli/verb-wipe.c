/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cli/fields.h"
#include "cli/verb.h"

static void tell(const json_t *answer, void *context)
{
	const char *volume = "volume";
	_cleanup_free_ char *before = field_size(json_object_get(answer, "usage_before"), "used");
	_cleanup_free_ char *after = field_size(json_object_get(answer, "usage"), "used");

	(void)context;
	json_unpack((json_t *)answer, "{s?s}", "volume", &volume);
	cli_print_clean(stdout, volume);
	if (before && after)
		printf(": wiped, %s in the cluster, %s before\n", after, before);
	else
		printf(": wiped\n");
}

int verb_wipe(struct cli *cli, int n, char **args)
{
	_cleanup_free_ char *question = NULL;
	_cleanup_err_ struct err *e = NULL;

	if (asprintf(&question, "Erase all data of %s?", args[0]) < 0) {
		question = NULL;
		err_oom(&e);
		return cli_fail(cli, NULL, e);
	}
	if (!cli_confirm(cli, question)) {
		err_set(&e, ERR_FAILED, -ECANCELED, "%s is not wiped: you did not say yes",
			args[0]);
		return cli_fail(cli, NULL, e);
	}
	return cli_each(cli, "POST", "wipe", n, args, tell, NULL);
}
