/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "cli/verb.h"

/* systemctl takes patterns: UNIT as one that matches nothing else. To be freed. */
static char *pattern_of(const char *unit)
{
	char *pattern = malloc(2 * strlen(unit) + 1), *to = pattern;

	if (!pattern)
		return NULL;
	for (const char *p = unit; *p; p++) {
		if (strchr("*?[]\\", *p))
			*to++ = '\\';
		*to++ = *p;
	}
	*to = '\0';
	return pattern;
}

/* The first line that systemctl writes; "" where it says nothing, or is not there. To be freed. */
static char *ask_systemd(const char *const argv[])
{
	_cleanup_err_ struct err *ignored = NULL;
	char *line = NULL;

	/* is-system-running ends with 1 as well */
	return program_run_line(argv, &line, &ignored) >= 0 ? line : strdup("");
}

/* Systemd restarts UNIT, such as all of a package when that is upgraded: the volume is to be there
 * again at once, so it stays, with what is mounted of it. */
static bool is_restarted(const char *unit)
{
	_cleanup_free_ char *pattern = pattern_of(unit), *job = NULL;
	const char *const argv[] = {"systemctl", "list-jobs", "--no-legend", "--full",
				    "--",	 pattern,     NULL};

	job = pattern ? ask_systemd(argv) : NULL;
	return job && strstr(job, " restart "); /* JOB UNIT TYPE STATE */
}

static bool is_shutdown(void)
{
	static const char *const argv[] = {"systemctl", "is-system-running", NULL};
	_cleanup_free_ char *state = ask_systemd(argv);

	return state && !strcmp(state, "stopping");
}

/* RBDVOL_UNIT: we are the ExecStop= of this unit. What uses the volume ends at the same time, and
 * is waited for, at a shutdown only. */
int verb_detach(struct cli *cli, enum verb verb, int n, char **args)
{
	const char *unit = getenv("RBDVOL_UNIT");

	if (unit && *unit) {
		if (is_restarted(unit))
			return 0;
		if (!is_shutdown())
			cli->retry_us = 0;
	}
	return verb_each(cli, verb, n, args);
}
