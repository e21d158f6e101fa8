/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

#include <errno.h>

#include "base/strlist.h"
#include "base/value.h"

static void print_trimmed(const char *name, uint64_t bytes)
{
	_cleanup_free_ char *size = value_format_size(bytes);

	cli_print_clean(stdout, name);
	printf(": %s trimmed\n", size ? size : "?");
}

static void tell(const json_t *answer, void *context)
{
	uint64_t *total = context;
	const char *volume = "volume";
	json_int_t bytes = 0;

	json_unpack((json_t *)answer, "{s?s, s?I}", "volume", &volume, "trimmed", &bytes);
	if (bytes < 0)
		bytes = 0;
	*total += (uint64_t)bytes;
	print_trimmed(volume, (uint64_t)bytes);
}

/* The attached volumes that are mounted, and can be written. */
static int mounted(struct cli *cli, struct strlist *out, json_t **answer, struct err **e)
{
	json_t *volume;
	size_t i;
	int r = cli_call(cli, "GET", "volumes", NULL, NULL, cli->options, answer, e);

	if (r < 0)
		return r;
	json_array_foreach(json_object_get(*answer, "volumes"), i, volume)
	{
		const char *name = json_string_value(json_object_get(volume, "volume"));

		if (!name || !json_array_size(json_object_get(volume, "mounts")) ||
		    json_is_true(json_object_get(volume, "read_only")))
			continue;
		if (strlist_add(out, "%s", name) < 0)
			return err_oom(e);
	}
	return 0;
}

static int trim_all(struct cli *cli)
{
	_cleanup_strlist_ struct strlist names = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	uint64_t total = 0;
	int status;

	/* To the daemon 'all' would mean the volumes of other hosts too. */
	json_object_del(cli->options, "all");
	if (mounted(cli, &names, &answer, &e) < 0)
		return cli_fail(cli, answer, e);
	status = cli_each(cli, "POST", "trim", (int)names.n, names.items, tell, &total);
	if (!cli->json)
		print_trimmed("total", total);
	return status;
}

int verb_trim(struct cli *cli, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	uint64_t total = 0;

	if (cli->request.all != !n) {
		err_set(&e, ERR_USAGE, -EINVAL,
			n ? "trim takes either volumes or --all, not both"
			  : "trim of what? a VOLUME or --all is missing");
		err_hint(&e, "rbdvol trim --help");
		return cli_fail(cli, NULL, e);
	}
	if (!n)
		return trim_all(cli);
	return cli_each(cli, "POST", "trim", n, args, tell, &total);
}
