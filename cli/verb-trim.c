/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/strlist.h"
#include "cli/trimmed.h"
#include "cli/verb.h"

/* What was trimmed: one of all may not be mounted. */
static json_t *trimmed(const json_t *answers)
{
	json_t *rows = json_array(), *answer;
	size_t i;

	json_array_foreach((json_t *)answers, i, answer) {
		const json_t *filesystems = json_object_get(answer, "filesystems");

		if (!filesystems || json_integer_value(filesystems))
			json_array_append(rows, answer);
	}
	return rows;
}

static int trim_named(struct cli *cli, enum verb verb, int n, char **names)
{
	_cleanup_json_ json_t *answers = json_array(), *rows = NULL, *document = NULL;
	_cleanup_err_ struct err *e = NULL;
	int status = cli_each(cli, verb, n, names, NULL, answers);

	rows = trimmed(answers);
	if (cli->request.all && cli->json) {
		document = json_pack("{s:o}", "total", trimmed_total(rows));
		cli_print_json(document);
	} else if (cli->request.all) {
		json_array_append_new(rows, trimmed_total(rows));
	}
	if (!cli->json && trimmed_print(rows, &e) < 0)
		return cli_fail(cli, NULL, e);
	return status;
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
	json_object_del(options, "slow");
	r = cli_call(cli, VERB_LIST, NULL, options, answer, e);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(*answer, "volumes"), i, volume) {
		const char *name = json_string_value(json_object_get(volume, "volume"));
		const char *node = json_string_value(json_object_get(volume, "device"));

		if (!name || json_is_true(json_object_get(volume, "read_only")))
			continue;
		/* Two clusters may have volumes of the same name. */
		if (strlist_has(out, name) && node)
			name = node;
		if (strlist_add(out, "%s", name) < 0)
			return err_oom(e);
	}
	return 0;
}

static int trim_all(struct cli *cli, enum verb verb)
{
	_cleanup_strlist_ struct strlist names = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;

	if (writable(cli, &names, &answer, &e) < 0)
		return cli_fail(cli, answer, e);
	return trim_named(cli, verb, (int)names.n, names.items);
}

int verb_trim(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;

	if (cli->request.all != !n) {
		err_set(&e, ERR_USAGE, -EINVAL,
			n ? "trim takes either volumes or --all, not both"
			  : "trim of what? a VOLUME or --all is missing");
		err_hint(&e, "rbdvol trim --help");
		return cli_fail(cli, NULL, e);
	}
	if (!n)
		return trim_all(cli, verb);
	return trim_named(cli, verb, n, args);
}
