/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/str.h"

#define LOOK_MS		  500
#define PROGRAM_WORDS_MAX 16

extern char **environ;

static int start(const char *program, const char *const argv[], int output, pid_t *pid,
		 struct err **e)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return err_oom(e);
	if (output >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!r)
		r = posix_spawnp(pid, program, &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r == ENOENT)
		return err_set(e, ERR_UNSUPPORTED, -r, "%s is not installed on this host", program);
	return r ? err_errno(e, -r, "cannot start %s", program) : 0;
}

static int end_of(pid_t pid, const char *program, struct err **e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, -errno, "cannot wait for %s", program);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_run(const char *const argv[], struct err **e)
{
	pid_t pid;
	int r = start(argv[0], argv, -1, &pid, e);

	return r < 0 ? r : end_of(pid, argv[0], e);
}

static int end_while(pid_t pid, const char *program, bool (*go_on)(void *context), void *context,
		     struct err **e)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
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
	const char *program = argv[0], *words[PROGRAM_WORDS_MAX + 1] = {NULL};
	_cleanup_free_ char *marked = NULL;
	pid_t pid;
	int r;

	/* a path, so that the program still calls itself by its name */
	if (str_printf(&marked, "@/%s", program) < 0)
		return err_oom(e);
	words[0] = marked;
	for (size_t i = 1; i < PROGRAM_WORDS_MAX && argv[i]; i++)
		words[i] = argv[i];
	r = start(program, words, -1, &pid, e);
	return r < 0 ? r : end_while(pid, program, go_on, context, e);
}

int program_run_line(const char *const argv[], char **out, struct err **e)
{
	_cleanup_close_ int in = -1, output = -1;
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, -errno, "no pipe for %s", argv[0]);
	in = ends[0];
	output = ends[1];
	r = start(argv[0], argv, output, &pid, e);
	if (r < 0)
		return r;
	close(steal_fd(&output));
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
