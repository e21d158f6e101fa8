/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

#include <errno.h>
#include <string.h>

static verb_runner *const runners[VERBS_N] = {
#define VERB(id, name, method, path, access, served, run, ...) verb_##run,
#include "base/verbs.def"
#undef VERB
};

verb_runner *verb_runner_of(enum verb verb)
{
	return runners[verb_info(verb) - verb_infos];
}

/* What the same is called elsewhere. */
static const struct {
	const char *word;
	enum verb verb;
} other_words[] = {
	{"map", VERB_ATTACH},	 {"unmap", VERB_DETACH}, {"rm", VERB_DELETE},
	{"remove", VERB_DELETE}, {"ls", VERB_LIST},	 {"info", VERB_SHOW},
	{"status", VERB_SHOW},	 {"clone", VERB_CREATE}, {"fstrim", VERB_TRIM},
	{"discard", VERB_TRIM},	 {"grow", VERB_RESIZE},	 {"snap", VERB_SNAPSHOT},
};

#define WORD_MAX 16

/* How many letters must be changed, added or dropped to make B of A; both are shorter than
 * WORD_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX], lb = strlen(b);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[lb];
}

/* NULL where nothing is near. */
static const char *nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < ARRAY_SIZE(other_words); i++)
		if (!strcmp(name, other_words[i].word))
			return verb_name(other_words[i].verb);
	if (strlen(name) >= WORD_MAX)
		return NULL;
	for (size_t i = 0; i < VERBS_N; i++) {
		size_t d = distance(name, verb_infos[i].name);

		if (d < best_distance) {
			best = verb_infos[i].name;
			best_distance = d;
		}
	}
	return best;
}

const struct verb_info *verb_find(const char *name, struct err **e)
{
	const char *meant;

	for (size_t i = 0; i < VERBS_N; i++)
		if (!strcmp(name, verb_infos[i].name))
			return &verb_infos[i];
	meant = nearest(name);
	if (meant)
		err_set(e, ERR_USAGE, -EINVAL, "there is no verb '%s'; did you mean '%s'?", name,
			meant);
	else
		err_set(e, ERR_USAGE, -EINVAL, "there is no verb '%s'", name);
	err_hint(e, "rbdvol --help lists them");
	return NULL;
}
