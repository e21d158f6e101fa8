/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"
#include "base/str.h"
#include "cli/fields.h"
#include "cli/verb.h"

static char *holder(const json_t *volume, const char *key)
{
	return field_text(json_object_get(volume, key), "host");
}

static char *device(const json_t *volume, const char *key)
{
	char *node = field_text(volume, key), *out;

	if (!node || !json_is_true(json_object_get(volume, "fenced")))
		return node;
	str_printf(&out, "%s (fenced)", node);
	free(node);
	return out;
}

static const struct field columns[] = {
	{"VOLUME", "volume", field_text, false},  {"SIZE", "size", field_size, true},
	{"PARENT", "parent", field_text, false},  {"DEVICE", "device", device, false},
	{"MOUNTED", "mounts", field_list, false}, {"HELD BY", "held_by", holder, false},
};

static char *used(const json_t *volume, const char *key)
{
	return field_size(json_object_get(volume, "usage"), key);
}

static const struct field usage_columns[] = {
	{"VOLUME", "volume", field_text, false},
	{"SIZE", "size", field_size, true},
	{"USED", "used", used, true},
	{"SHARED", "shared", used, true},
	{"RECLAIMABLE", "reclaimable", field_size, true},
	{"PARENT", "parent", field_text, false},
	{"MOUNTED", "mounts", field_list, false},
};

int verb_list(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	/* Who else holds a volume matters only where those of other hosts are shown. */
	size_t shown = cli->request.usage ? ARRAY_SIZE(usage_columns)
					  : ARRAY_SIZE(columns) - !cli->request.all;
	const struct field *table = cli->request.usage ? usage_columns : columns;
	int status;

	(void)n;
	(void)args;
	if (cli_answer(cli, verb, NULL, &answer, &status) &&
	    fields_print_table(table, shown, json_object_get(answer, "volumes"), &e) < 0)
		return cli_fail(cli, NULL, e);
	return status;
}
