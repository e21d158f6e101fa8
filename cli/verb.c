/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"
#include "base/str.h"

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

/* NULL where nothing is near. */
static const char *nearest(const char *name)
{
	const char *best = NULL;
	unsigned best_distance = 3;

	for (size_t i = 0; i < ARRAY_SIZE(other_words); i++)
		if (!strcmp(name, other_words[i].word))
			return verb_name(other_words[i].verb);
	for (size_t i = 0; i < VERBS_N; i++) {
		unsigned d = str_distance(name, verb_infos[i].name);

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
