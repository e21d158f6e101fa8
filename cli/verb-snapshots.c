/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/json.h"
#include "cli/fields.h"
#include "cli/verb.h"

static char *yes(const json_t *snapshot, const char *key)
{
	return strdup(json_is_true(json_object_get(snapshot, key)) ? "yes" : "no");
}

static const struct field columns[] = {
	{"NAME", "name", field_text, false},
	{"SIZE", "size", field_size, true},
	{"USED", "used", field_size, true},
	{"AGE", "age", field_age, true},
	{"CREATED", "created", field_text, false},
	{"PROTECTED", "protected", yes, false},
	{"OWN", "own", yes, false},
	{"CLONES", "clones", field_number, true},
};

int verb_snapshots(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	int status;

	(void)n;
	if (cli_answer(cli, verb, args[0], &answer, &status) &&
	    fields_print_table(columns, ARRAY_SIZE(columns),
			       json_object_get(answer, "snapshot_list"), &e) < 0)
		return cli_fail(cli, NULL, e);
	return status;
}
