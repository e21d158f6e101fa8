/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "daemon/peer.h"

#define BACKLOG 128

/* 1: *out is systemd's socket; 0: it passed none. */
static int passed(int *out, struct err **e)
{
	int n = sd_listen_fds(1);

	if (n < 0)
		return err_errno(e, n, "the sockets that systemd passes");
	if (!n)
		return 0;
	if (n > 1)
		return err_set(e, ERR_USAGE, -EINVAL, "systemd passes %d sockets instead of one",
			       n);
	if (sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) <= 0)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "what systemd passes is no listening UNIX stream socket");
	*out = SD_LISTEN_FDS_START;
	return 1;
}

static int address_of(const char *path, struct sockaddr_un *out, struct err **e)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(out->sun_path))
		return err_set(e, ERR_USAGE, -ENAMETOOLONG, "the socket's path %s is too long",
			       path);
	memcpy(out->sun_path, path, strlen(path));
	return 0;
}

/* The folder of PATH, made if missing and locked: daemons that start at once look and bind one
 * after the other. A descriptor. */
static int folder_lock(const char *path, struct err **e)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd = -1;
	const char *folder;

	if (!copy)
		return err_oom(e);
	folder = dirname(copy);
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return err_errno(e, -errno, "can't make the folder %s", folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, -errno, "can't open the folder %s", folder);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(e, -errno, "another process has locked the folder %s", folder);
	return steal_fd(&fd);
}

/* Remove what a dead daemon left. */
static int clear(const char *path, const struct sockaddr_un *address, struct err **e)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "can't look at %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_EXISTS, -EEXIST, "%s is there and is no socket", path);
	/* Not to wait for a daemon whose backlog is full: it is there. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, -errno, "can't make a socket");
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED) {
		err_set(e, ERR_BUSY, -EADDRINUSE, "another daemon answers on %s", path);
		return err_hint(e, "stop it, or choose another path with --socket");
	}
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(e, -errno, "can't remove the stale socket %s", path);
	return 0;
}

/* Nobody may connect before owner and mode are right. */
static int bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0177);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(before);
	return r;
}

static int make(const char *path, int *out, struct err **e)
{
	_cleanup_close_ int folder = -1, fd = -1;
	struct sockaddr_un address;
	gid_t group = (gid_t)-1;
	int r = address_of(path, &address, e);

	if (r < 0)
		return r;
	folder = folder_lock(path, e);
	if (folder < 0)
		return folder;
	r = clear(path, &address, e);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : bind_private(fd, &address);
	if (r < 0)
		return err_errno(e, r, "can't make the socket %s", path);
	group_id(RBDVOL_GROUP, &group);
	if (listen(fd, BACKLOG) < 0 || chown(path, (uid_t)-1, group) < 0 || chmod(path, 0660) < 0)
		return err_errno(e, -errno, "can't set up the socket %s", path);
	*out = steal_fd(&fd);
	return 0;
}

int listener_open(const char *path, struct listener *out, struct err **e)
{
	int r;

	*out = (struct listener){.fd = -1};
	r = passed(&out->fd, e);
	if (r < 0)
		return r;
	if (r > 0) {
		/* MHD polls, then accepts: a client that went between must not hold it up. */
		fcntl(out->fd, F_SETFL, fcntl(out->fd, F_GETFL) | O_NONBLOCK);
		return 0;
	}
	r = make(path, &out->fd, e);
	if (r < 0)
		return r;
	out->path = strdup(path);
	return out->path ? 0 : err_oom(e);
}

void listener_close(struct listener *l)
{
	if (l->path)
		unlink(l->path);
	free(l->path);
	if (l->fd >= 0)
		close(l->fd);
	*l = (struct listener){.fd = -1};
}
