/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/fields.h"
#include "cli/verb.h"

static void tell(const json_t *answer, void *context)
{
	const char *volume = "volume";
	_cleanup_free_ char *before = field_size(json_object_get(answer, "usage_before"), "stored");
	_cleanup_free_ char *after = field_size(json_object_get(answer, "usage"), "stored");

	(void)context;
	json_unpack((json_t *)answer, "{s?s}", "volume", &volume);
	cli_print_clean(stdout, volume);
	if (before && after)
		printf(": sparsified, %s in the cluster, %s before\n", after, before);
	else
		printf(": sparsified\n");
}

int verb_sparsify(struct cli *cli, int n, char **args)
{
	return cli_each(cli, "POST", "sparsify", n, args, tell, NULL);
}
