/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

#include "base/spawn.h"
#include "base/str.h"

#define LOOK_MS		  500
#define PROGRAM_WORDS_MAX 16

static int end_of(pid_t pid, const char *program, struct err **e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, -errno, "cannot wait for %s", program);
	return spawn_exit_status(status);
}

int program_run(const char *const argv[], struct err **e)
{
	const struct spawn program = {.program = argv[0], .argv = argv};
	pid_t pid;
	int r = spawn(&program, &pid, e);

	return r < 0 ? r : end_of(pid, argv[0], e);
}

static int end_while(pid_t pid, const char *program, bool (*go_on)(void *context), void *context,
		     struct err **e)
{
	_cleanup_close_ int fd = spawn_end_fd(pid);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0)
		return err_errno(e, -errno, "cannot watch %s", program);
	while (poll(&p, 1, LOOK_MS) <= 0)
		if (!go_on(context))
			return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "%s does not end", program);
	return end_of(pid, program, e);
}

int program_run_while(const char *const argv[], bool (*go_on)(void *context), void *context,
		      struct err **e)
{
	const char *words[PROGRAM_WORDS_MAX + 1] = {NULL};
	const struct spawn program = {.program = argv[0], .argv = words};
	_cleanup_free_ char *marked = NULL;
	pid_t pid;
	int r;

	/* a path, so that the program still calls itself by its name */
	if (str_printf(&marked, "@/%s", argv[0]) < 0)
		return err_oom(e);
	words[0] = marked;
	for (size_t i = 1; i < PROGRAM_WORDS_MAX && argv[i]; i++)
		words[i] = argv[i];
	r = spawn(&program, &pid, e);
	return r < 0 ? r : end_while(pid, argv[0], go_on, context, e);
}

int program_run_line(const char *const argv[], char **out, struct err **e)
{
	const struct spawn program = {.program = argv[0], .argv = argv};
	_cleanup_close_ int in = -1;
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	pid_t pid;
	int r = spawn_read(&program, &in, &pid, e);

	if (r < 0)
		return r;
	f = fdopen(in, "r");
	if (f)
		in = -1;
	if (!f || getline(&line, &room, f) < 0) {
		free(line);
		line = strdup("");
	}
	r = end_of(pid, argv[0], e);
	if (r < 0)
		return r;
	if (!line)
		return err_oom(e);
	line[strcspn(line, "\n")] = '\0';
	*out = steal(&line);
	return r;
}
