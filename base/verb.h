/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs: what can be asked of rbdvol. All that is known of one is its row in verbs.def. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum verb_bit {
#define VERB(id, ...) VERB_BIT_##id,
#include "base/verbs.def"
#undef VERB
	VERBS_N
};
_Static_assert(VERBS_N < 31, "a set of verbs is a mask in an int");

enum verb {
#define VERB(id, ...) VERB_##id = 1 << VERB_BIT_##id,
#include "base/verbs.def"
#undef VERB
	VERB_EVERY = (1 << VERBS_N) - 1,
};

/* Who may ask: root and whom it lets change things; they and the readers; root alone. */
enum access { ACCESS_READ, ACCESS_CHANGE, ACCESS_ROOT };

struct verb_info {
	enum verb verb;
	const char *name;
	const char *method; /* of its route; "" where it has none */
	const char *path;   /* '*' stands for the volume */
	enum access access;
	bool ends;	       /* on Ctrl-C, instead of going on as a job */
	const char *arguments; /* as in the usage line */
	int min_args, max_args;
	const char *help;
};
/* In the order of the help. */
extern const struct verb_info verb_infos[VERBS_N];

/* VERB is a single one. */
const struct verb_info *verb_info(enum verb verb);
/* "create", …; NULL for anything but one single verb. */
const char *verb_name(enum verb verb);
