/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs: one const table, and one file for each. */
#pragma once

#include "base/request.h"
#include "cli/cli.h"

struct verb_def {
	enum verb verb;	       /* its name is verb_name()'s */
	const char *arguments; /* as in the usage line */
	const char *help;
	int min_args, max_args;
	/* Returns the exit status; has told what went wrong. ARGS are n, within the limits. */
	int (*run)(struct cli *cli, int n, char **args);
};
extern const struct verb_def verb_defs[];
extern const size_t verb_defs_n;

/* NULL and *e (usage), with the verb that may be meant, where there is none called NAME. */
const struct verb_def *verb_find(const char *name, struct err **e);

int verb_create(struct cli *cli, int n, char **args);
int verb_attach(struct cli *cli, int n, char **args);
int verb_detach(struct cli *cli, int n, char **args);
int verb_delete(struct cli *cli, int n, char **args);
int verb_list(struct cli *cli, int n, char **args);
int verb_show(struct cli *cli, int n, char **args);
int verb_trim(struct cli *cli, int n, char **args);
int verb_wipe(struct cli *cli, int n, char **args);
int verb_resize(struct cli *cli, int n, char **args);
int verb_snapshot(struct cli *cli, int n, char **args);
int verb_flatten(struct cli *cli, int n, char **args);
int verb_rbdmap(struct cli *cli, int n, char **args);
int verb_prune(struct cli *cli, int n, char **args);
int verb_doctor(struct cli *cli, int n, char **args);
int verb_sparsify(struct cli *cli, int n, char **args);
int verb_reset(struct cli *cli, int n, char **args);
int verb_tree(struct cli *cli, int n, char **args);
int verb_cancel(struct cli *cli, int n, char **args);
int verb_jobs(struct cli *cli, int n, char **args);
