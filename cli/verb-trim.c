/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

#include <errno.h>

#include "base/strlist.h"
#include "base/value.h"

/* Over all volumes. */
struct total {
	uint64_t trimmed, freed;
	bool counted; /* of some, the cluster's part is known */
};

static void print_trimmed(const char *name, uint64_t trimmed, bool counted, uint64_t freed)
{
	_cleanup_free_ char *said = value_format_size(trimmed), *got = value_format_size(freed);

	cli_print_clean(stdout, name);
	printf(": %s trimmed", said ? said : "?");
	if (counted)
		printf(", objects %s smaller", got ? got : "?");
	putchar('\n');
}

/* How much smaller the objects are than before; the volume may be in use, and they larger. */
static bool freed(const json_t *answer, uint64_t *out)
{
	json_int_t before, after;

	if (json_unpack((json_t *)answer, "{s:{s:I}, s:{s:I}}", "usage_before", "stored", &before,
			"usage", "stored", &after) < 0)
		return false;
	*out = before > after ? (uint64_t)(before - after) : 0;
	return true;
}

static void tell(const json_t *answer, void *context)
{
	struct total *total = context;
	const char *volume = "volume";
	json_int_t bytes = 0, filesystems = 1;
	uint64_t got = 0;
	bool counted = freed(answer, &got);

	json_unpack((json_t *)answer, "{s?s, s?I, s?I}", "volume", &volume, "trimmed", &bytes,
		    "filesystems", &filesystems);
	if (!filesystems) /* one of all, and not mounted */
		return;
	if (bytes < 0)
		bytes = 0;
	total->trimmed += (uint64_t)bytes;
	total->freed += got;
	total->counted |= counted;
	print_trimmed(volume, (uint64_t)bytes, counted, got);
}

/* The attached volumes that can be written; only the daemon sees where each is mounted. */
static int writable(struct cli *cli, struct strlist *out, json_t **answer, struct err **e)
{
	_cleanup_json_ json_t *options = json_copy(cli->options);
	json_t *volume;
	size_t i;
	int r;

	/* The list has none of trim's own; 'all' would mean the volumes of other hosts too. */
	json_object_del(options, "all");
	json_object_del(options, "minimum");
	json_object_del(options, "rate");
	r = cli_call(cli, "GET", "volumes", NULL, NULL, options, answer, e);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(*answer, "volumes"), i, volume)
	{
		const char *name = json_string_value(json_object_get(volume, "volume"));

		if (!name || json_is_true(json_object_get(volume, "read_only")))
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
	struct total total = {0};
	int status;

	if (writable(cli, &names, &answer, &e) < 0)
		return cli_fail(cli, answer, e);
	status = cli_each(cli, "POST", "trim", (int)names.n, names.items, tell, &total);
	if (!cli->json)
		print_trimmed("total", total.trimmed, total.counted, total.freed);
	return status;
}

int verb_trim(struct cli *cli, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	struct total total = {0};

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
