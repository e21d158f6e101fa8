/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, read; and --help. Both are made of the verb table and of
 * base/request-options.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/request.h"
#include "base/verb.h"
#include "cli/cli.h"

enum options_outcome {
	OPTIONS_RUN = 0,
	OPTIONS_HELP,	 /* asked for: of *verb, or of the whole command where it is NULL */
	OPTIONS_VERSION, /* asked for */
};

/* Read ARGV into CLI; has no effect but on CLI and the order of ARGV. *verb is the verb, or NULL
 * where none was reached; *n and *args its arguments, borrowed from ARGV. An options_outcome, or
 * negative (usage). */
int options_parse(struct cli *cli, int argc, char **argv, const struct verb_info **verb, int *n,
		  char ***args, struct err **e);

/* Flags of the command alone; the others are those of the request. */
enum own_flag {
	FLAG_NONE,
#define OWN_OPTION(id, ...) FLAG_##id,
#include "cli/own-options.def"
#undef OWN_OPTION
};
struct own_option {
	const char *name, *metavar, *help;
	enum own_flag flag;
};
extern const struct own_option own_options[];
extern const size_t own_options_n;

#define FLAG_NAME_MAX 32
/* The flag of a request's KEY, without the dashes in front: '-' for '_'. */
void flag_name(const char *key, char out[static FLAG_NAME_MAX]);
/* Whether VERB takes O; VERB NULL: whether every verb does. */
bool flag_taken(const struct request_option *o, const struct verb_info *verb);
