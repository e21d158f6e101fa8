/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs that ask for each of their volumes, and differ only in what they say. */
#include "cli/fields.h"
#include "cli/verb.h"

static void tell_volume(const char *done, const json_t *answer)
{
	const char *volume = NULL;

	(void)done;
	json_unpack((json_t *)answer, "{s?s}", "volume", &volume);
	if (!volume)
		return;
	cli_print_clean(stdout, volume);
	putchar('\n');
}

static void tell_outcome(const char *done, const json_t *answer)
{
	const char *volume = NULL, *outcome = "?";
	json_int_t job = 0;

	(void)done;
	json_unpack((json_t *)answer, "{s?s, s?I, s?s}", "volume", &volume, "job", &job, "outcome",
		    &outcome);
	if (volume)
		cli_print_clean(stdout, volume);
	else
		printf("job %" JSON_INTEGER_FORMAT, job);
	fputs(": ", stdout);
	cli_print_clean(stdout, outcome);
	putchar('\n');
}

static void tell_done(const char *done, const json_t *answer)
{
	const char *volume = json_string_value(json_object_get(answer, "volume"));

	cli_print_clean(stdout, volume ? volume : "volume");
	printf(": %s\n", done);
}

static void tell_used(const char *done, const json_t *answer)
{
	fields_print_space(answer, done, "used");
}

static void tell_stored(const char *done, const json_t *answer)
{
	fields_print_space(answer, done, "stored");
}

/* What a verb asks before it does anything, and what it prints of each volume; the others neither
 * ask nor print. */
static const struct manner {
	enum verb verb;
	const char *question; /* NULL: none; the volumes follow */
	const char *done;
	void (*tell)(const char *done, const json_t *answer);
} manners[] = {
	{VERB_CANCEL, NULL, NULL, tell_outcome},
	{VERB_RESET, "Drop all that was written to", "reset", tell_used},
	{VERB_ROLLBACK, "Drop all that was written since", "rolled back", tell_done},
	{VERB_SNAPSHOT, NULL, NULL, tell_volume},
	{VERB_SPARSIFY, NULL, "sparsified", tell_stored},
	{VERB_WIPE, "Erase all data of", "wiped", tell_used},
};

static const struct manner *manner_of(enum verb verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(manners); i++)
		if (manners[i].verb == verb)
			return &manners[i];
	return NULL;
}

static void each_tell(enum verb verb, const json_t *answer)
{
	const struct manner *m = manner_of(verb);

	if (m)
		m->tell(m->done, answer);
}

int verb_each(struct cli *cli, enum verb verb, int n, char **args)
{
	const struct manner *m = manner_of(verb);
	int status = m && m->question ? cli_ask(cli, m->question, m->done, n, args) : 0;

	return status ? status : cli_each(cli, verb, n, args, each_tell, NULL);
}
