/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/verb.h"

#define YES  true
#define NO   false
#define MANY INT_MAX

const struct verb_info verb_infos[VERBS_N] = {
#define VERB(id, name, method, path, access, served, run, ends, arguments, min, max, completed,    \
	     help)                                                                                 \
	{VERB_##id, #name, method, path, ACCESS_##access, ends, arguments, min, max, help},
#include "base/verbs.def"
#undef VERB
};

const struct verb_info *verb_info(enum verb verb)
{
	return &verb_infos[__builtin_ctz((unsigned)verb)];
}

const char *verb_name(enum verb verb)
{
	return __builtin_popcount((unsigned)verb) == 1 ? verb_info(verb)->name : NULL;
}
