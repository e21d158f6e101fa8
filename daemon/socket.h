/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket that the API is served on: passed by systemd, or our own. */
#pragma once

#include "base/err.h"

struct listener {
	int fd;
	char *path; /* NULL: none, or systemd's, and not ours to remove */
};

/* systemd's socket where it passed one; else a new one at PATH, for root and the group rbdvol. What
 * a dead daemon left there is replaced; -EADDRINUSE (busy): something answers there, -EEXIST: it is
 * no socket. Before there are threads, since it sets the umask for a moment. */
int listener_open(const char *path, struct listener *out, struct err **e);
/* The container runtimes' socket: systemd's where it passed one of that name, else a new one at
 * PATH, for root alone; with PATH NULL none, and fd is -1. */
#define PLUGIN_SOCKET_NAME "docker" /* FileDescriptorName= of rbdvold-docker.socket */
int listener_open_plugin(const char *path, struct listener *out, struct err **e);
/* Close it, and remove our own from the file system. May be called twice. */
void listener_close(struct listener *l);
