/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "base/spawn.h"

#define SAID_MAX     512 /* bytes of the output's end */
#define REAP_WAIT_US (2 * USEC_PER_SEC)

/* The end of what was read so far. */
struct said {
	char text[SAID_MAX + 1];
	size_t len;
};

static void said_add(struct said *s, const char *data, size_t len)
{
	if (len > SAID_MAX) {
		data += len - SAID_MAX;
		len = SAID_MAX;
	}
	if (s->len + len > SAID_MAX) {
		size_t drop = s->len + len - SAID_MAX;

		memmove(s->text, s->text + drop, s->len - drop);
		s->len -= drop;
	}
	memcpy(s->text + s->len, data, len);
	s->len += len;
}

/* One line, without control characters. */
static char *said_line(struct said *s)
{
	while (s->len && (unsigned char)s->text[s->len - 1] <= ' ')
		s->len--;
	s->text[s->len] = '\0';
	for (char *c = s->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return strdup(s->text);
}

/* Read until the end or the deadline. False: the deadline came. */
static bool listen_to(int fd, struct deadline deadline, struct said *said)
{
	char buf[4096];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n = poll(&p, 1, deadline_poll_ms(deadline));
		ssize_t len;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		len = read(fd, buf, sizeof(buf));
		if (len <= 0)
			return true;
		said_add(said, buf, (size_t)len);
	}
}

/* The exit status; -ETIMEDOUT where it does not end. A process that hangs in the kernel is left to
 * it, as a zombie to be. */
static int reap(pid_t pid, struct deadline deadline)
{
	_cleanup_close_ int fd = spawn_end_fd(pid);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int status;

	while (fd >= 0 && poll(&p, 1, deadline_poll_ms(deadline)) < 0 && errno == EINTR)
		;
	if (waitpid(pid, &status, fd >= 0 ? WNOHANG : 0) != pid)
		return -ETIMEDOUT;
	return spawn_exit_status(status);
}

static int timed_out(const char *program, struct said *said, struct err **e)
{
	_cleanup_free_ char *line = said_line(said);

	return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "%s did not end in time and was killed%s%s",
		       program, line && *line ? "; it said: " : "", line ? line : "");
}

int run_program(const char *const argv[], struct deadline deadline, char **out_said, struct err **e)
{
	const struct spawn program = {.program = argv[0], .argv = argv, .apart = true};
	_cleanup_close_ int in = -1;
	struct said said = {.len = 0};
	pid_t pid;
	int r = spawn_read(&program, &in, &pid, e);

	if (r < 0)
		return r;
	r = listen_to(in, deadline, &said) ? reap(pid, deadline) : -ETIMEDOUT;
	if (r < 0) {
		kill(-pid, SIGKILL);
		reap(pid, deadline_in(REAP_WAIT_US));
		return timed_out(argv[0], &said, e);
	}
	/* posix_spawn(3) may learn of a missing program only behind the fork; the child ends so
	 * then. */
	if (r == 127)
		return spawn_not_installed(argv[0], e);
	if (out_said)
		*out_said = said_line(&said);
	return r;
}
