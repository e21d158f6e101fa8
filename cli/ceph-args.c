/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "cli/ceph-args.h"
#include "cli/cli.h"

static const struct {
	const char *flag, *key;
	bool type_in_front; /* "client.admin" */
} ceph_flags[] = {
	{"--id", "id", false}, {"--user", "id", false},		{"--name", "id", true},
	{"-n", "id", true},    {"--cluster", "cluster", false},
};

/* Ceph's own commands look at more options than these; they are the daemon's matter. */
int cli_apply_ceph_args(struct cli *cli, const char *text, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *save = NULL;

	if (!copy)
		return err_oom(e);
	for (char *word = strtok_r(copy, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		char *value = strncmp(word, "--", 2) ? NULL : strchr(word, '=');
		size_t i = 0;

		if (value)
			*value++ = '\0';
		while (i < ARRAY_SIZE(ceph_flags) && strcmp(word, ceph_flags[i].flag))
			i++;
		if (i == ARRAY_SIZE(ceph_flags))
			continue;
		if (!value)
			value = strtok_r(NULL, " \t", &save);
		if (value && ceph_flags[i].type_in_front && !strncmp(value, "client.", 7))
			value += 7;
		if (!value || !*value)
			continue;

		int r = cli_set_option(cli, VERB_EVERY, ceph_flags[i].key, value, e);

		if (r < 0)
			return err_wrap(e, "CEPH_ARGS");
	}
	return 0;
}
