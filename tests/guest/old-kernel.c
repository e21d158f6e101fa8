/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To be preloaded into rbdvold: a kernel of another version that lacks some map options. The
 * version is $OLD_KERNEL; a map line with one of the options $OLD_KERNEL_LACKS ("a,b") is refused
 * as the kernel refuses what it does not know, in its log too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static ssize_t real_write(int fd, const void *data, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "write");
	return next(fd, data, len);
}

static int is_add(int fd)
{
	char link[64], path[256];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return !strncmp(path, "/sys/bus/rbd/add", 16);
}

static void say(const char *option)
{
	char line[128];
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	snprintf(line, sizeof(line), "rbd: Unknown parameter '%s'", option);
	if (fd < 0 || real_write(fd, line, strlen(line)) < 0)
		abort();
	close(fd);
}

ssize_t write(int fd, const void *data, size_t len)
{
	const char *lacks = getenv("OLD_KERNEL_LACKS");
	char *line = lacks && is_add(fd) ? strndup(data, len) : NULL;
	char *options = line ? strdup(lacks) : NULL, *rest = options, *option;
	int refused = 0;

	while (options && !refused && (option = strsep(&rest, ",")))
		if (*option && strstr(line, option)) {
			refused = 1;
			say(option);
		}
	free(line);
	free(options);
	if (!refused)
		return real_write(fd, data, len);
	errno = EINVAL;
	return -1;
}

int uname(struct utsname *u)
{
	static int (*next)(struct utsname *);
	const char *version = getenv("OLD_KERNEL");
	int r;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "uname");
	r = next(u);
	if (!r && version)
		snprintf(u->release, sizeof(u->release), "%s", version);
	return r;
}
