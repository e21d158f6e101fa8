/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/fields.h"
#include "cli/verb.h"

static void tell(const json_t *answer)
{
	fields_print_space(answer, "sparsified", "stored");
}

int verb_sparsify(struct cli *cli, int n, char **args)
{
	return cli_each(cli, "POST", "sparsify", n, args, tell, NULL);
}
