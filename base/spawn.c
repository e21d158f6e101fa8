/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

static const char *const plain[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};

/* A positive errno, as the functions of posix_spawn(3) have it. */
static int set_apart(posix_spawnattr_t *attr, posix_spawn_file_actions_t *actions, int output)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
					       POSIX_SPAWN_SETPGROUP);
	if (output >= 0 && posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO))
		return ENOMEM;
	return posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
}

static int start(const struct spawn *s, int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return r;
	posix_spawnattr_init(&attr);
	if (output >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!r && s->apart)
		r = set_apart(&attr, &actions, output);
	if (!r)
		r = posix_spawnp(pid, s->program, &actions, &attr, (char *const *)s->argv,
				 s->apart ? (char *const *)plain : environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

int spawn_not_installed(const char *program, struct err **e)
{
	return err_set(e, ERR_UNSUPPORTED, -ENOENT, "%s is not installed on this host", program);
}

static int spawn_to(const struct spawn *s, int output, pid_t *pid, struct err **e)
{
	int r = start(s, output, pid);

	if (r == ENOENT)
		return spawn_not_installed(s->program, e);
	return r ? err_errno(e, -r, "cannot start %s", s->program) : 0;
}

int spawn(const struct spawn *s, pid_t *pid, struct err **e)
{
	return spawn_to(s, -1, pid, e);
}

int spawn_read(const struct spawn *s, int *in, pid_t *pid, struct err **e)
{
	_cleanup_close_ int from = -1, to = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, -errno, "no pipe for %s", s->program);
	from = ends[0];
	to = ends[1];
	r = spawn_to(s, to, pid, e);
	if (r < 0)
		return r;
	*in = steal_fd(&from);
	return 0;
}

int spawn_end_fd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int spawn_exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
