/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command's part of the verbs. */
#pragma once

#include "base/request.h"
#include "cli/cli.h"

/* Does what VERB is asked for with the N arguments ARGS, within the verb's limits. Returns the exit
 * status; has told what went wrong. */
typedef int verb_runner(struct cli *cli, enum verb verb, int n, char **args);
verb_runner *verb_runner_of(enum verb verb);

/* NULL and *e (usage), with the verb that may be meant, where there is none called NAME. */
const struct verb_info *verb_find(const char *name, struct err **e);

/* For verbs that are nothing but a request for each of their volumes. */
verb_runner verb_each;
verb_runner verb_attach, verb_detach, verb_list, verb_show, verb_tree, verb_trim, verb_resize,
	verb_rbdmap, verb_prune, verb_doctor, verb_jobs, verb_snapshots, verb_rename;
