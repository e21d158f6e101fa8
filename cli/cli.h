/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all verbs of the command share: its options, its calls of the daemon, its ways to speak. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/request.h"
#include "base/verb.h"

struct cli {
	bool json;
	bool yes;		       /* to every question */
	uint64_t retry_us;	       /* how long cli_call tries again */
	const char *socket_path;       /* borrowed from the command line or the environment */
	struct volume_request request; /* the options, checked */
	json_t *options;	       /* the same as the daemon gets them, texts as given */
};
/* Ready for use, with defaults of the environment. */
int cli_init(struct cli *cli, struct err **e);
void cli_deinit(struct cli *cli);
#define _cleanup_cli_ cleanup(cli_deinit)

/* Set the option KEY of the verbs VERBS to TEXT, for the daemon too. As request_set. */
int cli_set_option(struct cli *cli, enum verb verbs, const char *key, const char *text,
		   struct err **e);

/* Ask the daemon for VERB, of the volume NAME as the user wrote it (NULL where the verb's route has
 * none), with OPTIONS as the query of a GET, else as the body. Results as of answer_parse. */
int cli_call_once(struct cli *cli, enum verb verb, const char *name, const json_t *options,
		  json_t **out, struct err **e);
/* The same, and again for cli->retry_us as long as daemon or cluster cannot be reached, another
 * host holds the volume, or it is in use. The first such failure is told on stderr. */
int cli_call(struct cli *cli, enum verb verb, const char *name, const json_t *options, json_t **out,
	     struct err **e);

/* Tell the failure E on stderr, in one line after those of ANSWER's notes, and with --json on
 * stdout: ANSWER, the daemon's own error document, or one made of E where it is NULL. Returns the
 * exit status. */
int cli_fail(const struct cli *cli, const json_t *answer, const struct err *e);
/* The notes of ANSWER, a line each on stderr. */
void cli_notes(const json_t *answer);
/* ANSWER as one line of JSON on stdout. */
void cli_print_json(const json_t *answer);
/* Ask for VERB, as cli_call does with the command's options, and tell the answer's notes; with
 * --json print it. Whether it is left to the caller to show it; if not, *status is the exit status.
 */
bool cli_answer(struct cli *cli, enum verb verb, const char *name, json_t **out, int *status);
/* TEXT with '?' for every control character: names in a cluster may hold anything. */
void cli_print_clean(FILE *f, const char *text);

/* Whether the user, asked QUESTION on the terminal, says yes; true without asking where there is no
 * terminal, or with --yes. */
bool cli_confirm(const struct cli *cli, const char *question);

/* Ask "WHAT NAMES?", as cli_confirm does. 0: yes; else it is told that they are not DONE, and the
 * exit status comes back. */
int cli_ask(const struct cli *cli, const char *what, const char *done, int n, char **names);

/* VERB for each of the N volumes NAMES. What came back is printed with --json, or else handed to
 * TELL, where there is one, and added to the array ANSWERS, where there is one. All are tried; the
 * exit status is that of the first failure. */
int cli_each(struct cli *cli, enum verb verb, int n, char **names,
	     void (*tell)(enum verb verb, const json_t *answer), json_t *answers);
