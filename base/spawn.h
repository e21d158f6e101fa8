/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program of the host's is started: by its name and words, never through a shell. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct spawn {
	const char *program; /* found by PATH */
	const char *const *argv;
	/* It has nothing of ours: no input, a plain environment, signals as by default, a process
	 * group of its own. */
	bool apart;
};

/* -ENOENT (unsupported): it is not installed. */
int spawn(const struct spawn *s, pid_t *pid, struct err **e);
/* The same; what it writes to stdout, and where it is apart to stderr, is read from *in, which the
 * caller closes. */
int spawn_read(const struct spawn *s, int *in, pid_t *pid, struct err **e);
/* Say that PROGRAM is not installed; returns -ENOENT. */
int spawn_not_installed(const char *program, struct err **e);
/* A descriptor that can be read when PID has ended, or -1. */
int spawn_end_fd(pid_t pid);
/* The exit status that STATUS of waitpid(2) means: 128 + signal where one ended it. */
int spawn_exit_status(int status);
