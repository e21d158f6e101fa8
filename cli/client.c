/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/client.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/str.h"
#include "cli/answer.h"
#include "cli/interrupt.h"

/* A list of 100,000 volumes is below this. */
#define ANSWER_MAX ((size_t)256 << 20)

static int connect_refused(const char *path, int code, struct err **e)
{
	if (code == EACCES || code == EPERM) {
		err_set(e, ERR_NOT_PERMITTED, -code, "no access to rbdvold's socket %s", path);
		return err_hint(e, "be root, or a member of the group rbdvol");
	}
	if (code == EAGAIN)
		return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT,
			       "rbdvold at %s accepts no connection: it is overloaded or stuck",
			       path);
	err_set(e, ERR_UNREACHABLE, -code, "rbdvold does not answer at %s: %s", path,
		strerror(code));
	return err_hint(e, "start it: systemctl start rbdvold");
}

int client_connect(const char *path, struct deadline deadline, struct err **e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	uint64_t left = deadline_left_us(deadline);
	/* 0 would mean: for ever. */
	struct timeval tv = {
		.tv_sec = (time_t)(left / USEC_PER_SEC),
		.tv_usec = (suseconds_t)(left % USEC_PER_SEC) | 1,
	};
	_cleanup_close_ int fd = -1;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return err_set(e, ERR_USAGE, -ENAMETOOLONG,
			       "'%s' cannot be the path of a socket: 1 to %zu bytes", path,
			       sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, -errno, "cannot make a socket");
	/* A UNIX socket's connect waits only while the listener's backlog is full, and this bounds
	 * it. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0)
		return err_errno(e, -errno, "cannot set the timeout of a socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return connect_refused(path, errno, e);
	return steal_fd(&fd);
}

static int fd_wait(int fd, short events, struct deadline deadline, struct err **e)
{
	struct pollfd p = {.fd = fd, .events = events};
	int r;

	do {
		r = interrupt_poll(&p, deadline);
	} while ((r == -EINTR && !interrupt_came()) || (r == 0 && !deadline_passed(deadline)));
	if (r < 0)
		return err_errno(e, r, "cannot wait for rbdvold");
	if (r > 0)
		return 0;
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "rbdvold has not answered in time");
	return err_hint(e, "what it was asked may still be under way: rbdvol jobs");
}

static int send_all(int fd, const char *bytes, size_t len, struct deadline deadline, struct err **e)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		/* It closed early: it has answered already, and the answer says why. */
		if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return err_errno(e, -errno, "cannot send to rbdvold");

		int r = fd_wait(fd, POLLOUT, deadline, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Up to LEN bytes; 0 at the end. */
static ssize_t receive_some(int fd, char *bytes, size_t len, struct deadline deadline,
			    struct err **e)
{
	for (;;) {
		int r = fd_wait(fd, POLLIN, deadline, e);

		if (r < 0)
			return r;

		ssize_t n = recv(fd, bytes, len, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return err_errno(e, -errno, "cannot read rbdvold's answer");
	}
}

static int receive_all(int fd, struct deadline deadline, char **out, size_t *out_len,
		       struct err **e)
{
	_cleanup_free_ char *buf = NULL;
	size_t len = 0, room = 0;
	ssize_t n;

	do {
		if (len == room) {
			char *grown = realloc(buf, room = room ? 2 * room : 16384);

			if (!grown)
				return err_oom(e);
			buf = grown;
		}
		n = receive_some(fd, buf + len, room - len, deadline, e);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len > ANSWER_MAX)
			return err_set(e, ERR_FAILED, -EFBIG,
				       "rbdvold's answer is longer than %zu MiB", ANSWER_MAX >> 20);
	} while (n > 0);
	*out = steal(&buf);
	*out_len = len;
	return 0;
}

int client_exchange(int fd, const char *method, const char *target, const json_t *body,
		    struct deadline deadline, json_t **out, struct err **e)
{
	_cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : strdup("");
	_cleanup_free_ char *request = NULL, *answer = NULL;
	size_t len = 0;
	int r;

	*out = NULL;
	if (!text)
		return err_oom(e);
	if (str_printf(&request,
		       "%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		       "Content-Length: %zu\r\n\r\n%s",
		       method, target, strlen(text), text) < 0)
		return err_oom(e);
	r = send_all(fd, request, strlen(request), deadline, e);
	if (r < 0)
		return r;
	r = receive_all(fd, deadline, &answer, &len, e);
	if (r < 0)
		return r;
	return answer_parse(answer, len, out, e);
}

char *client_encode(const char *text)
{
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return NULL;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
			fputc(c, f);
		else
			fprintf(f, "%%%02X", c);
	}
	return text_end(f, &out);
}
