/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "daemon/peer.h"

#define BACKLOG 128

static void free_names(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
}

/* 1: *out is systemd's socket for the plugin, or the other one; 0: it passed none. The environment
 * stays as it is: it names our process, so no child takes it for its own. */
static int passed(bool plugin, int *out, struct err **e)
{
	cleanup(free_names) char **names = NULL;
	int n = sd_listen_fds_with_names(0, &names), found = 0;

	if (n < 0)
		return err_errno(e, n, "the sockets that systemd passes");
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (plugin != !strcmp(names[i], PLUGIN_SOCKET_NAME))
			continue;
		if (found++)
			return err_set(e, ERR_USAGE, -EINVAL,
				       "systemd passes more than one socket for the same");
		if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0)
			return err_set(e, ERR_USAGE, -EINVAL,
				       "what systemd passes is not a listening UNIX stream socket");
		/* MHD polls, then accepts: a client that went between must not hold it up. */
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		*out = fd;
	}
	return found;
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

/* mkdir -p, in place: DIRECTORY is as before when it returns. */
static int make_directory(char *directory, struct err **e)
{
	for (char *c = strchr(directory + 1, '/');; c = strchr(c + 1, '/')) {
		int r;

		if (c)
			*c = '\0';
		r = mkdir(directory, 0755) < 0 && errno != EEXIST
			    ? err_errno(e, -errno, "cannot make the directory %s", directory)
			    : 0;
		if (c)
			*c = '/';
		if (r < 0 || !c)
			return r;
	}
}

/* The directory of PATH, made if missing and locked: daemons that start at once look and bind one
 * after the other. A descriptor. */
static int directory_lock(const char *path, struct err **e)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd = -1;
	char *directory;

	if (!copy)
		return err_oom(e);
	directory = dirname(copy);
	if (make_directory(directory, e) < 0)
		return (*e)->code;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, -errno, "cannot open the directory %s", directory);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(e, -errno, "another process has locked the directory %s",
				 directory);
	return steal_fd(&fd);
}

/* Remove what a dead daemon left. */
static int clear(const char *path, const struct sockaddr_un *address, struct err **e)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot look at %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_EXISTS, -EEXIST, "%s exists and is not a socket", path);
	/* Not to wait for a daemon whose backlog is full: it is there. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, -errno, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED) {
		err_set(e, ERR_BUSY, -EADDRINUSE, "another daemon answers on %s", path);
		return err_hint(e, "stop it, or choose another path with --socket");
	}
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(e, -errno, "cannot remove the stale socket %s", path);
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

/* For root, and with SHARED for the group rbdvol. */
static int socket_make(const char *path, bool shared, int *out, struct err **e)
{
	_cleanup_close_ int directory = -1, fd = -1;
	struct sockaddr_un address;
	gid_t group = (gid_t)-1;
	int r = address_of(path, &address, e);

	if (r < 0)
		return r;
	directory = directory_lock(path, e);
	if (directory < 0)
		return directory;
	r = clear(path, &address, e);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : bind_private(fd, &address);
	if (r < 0)
		return err_errno(e, r, "cannot make the socket %s", path);
	if (shared)
		group_id(RBDVOL_GROUP, &group);
	if (listen(fd, BACKLOG) < 0 || chown(path, (uid_t)-1, group) < 0 ||
	    chmod(path, shared ? 0660 : 0600) < 0)
		return err_errno(e, -errno, "cannot set up the socket %s", path);
	*out = steal_fd(&fd);
	return 0;
}

static int open_one(const char *path, bool plugin, struct listener *out, struct err **e)
{
	int r;

	*out = (struct listener){.fd = -1};
	r = passed(plugin, &out->fd, e);
	if (r || !path)
		return r < 0 ? r : 0;
	r = socket_make(path, !plugin, &out->fd, e);
	if (r < 0)
		return r;
	out->path = strdup(path);
	return out->path ? 0 : err_oom(e);
}

int listener_open(const char *path, struct listener *out, struct err **e)
{
	return open_one(path, false, out, e);
}

int listener_open_plugin(const char *path, struct listener *out, struct err **e)
{
	return open_one(path, true, out, e);
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
