/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define DEV "/dev/"

/* By its words alone: no empty one, none that leads upwards. */
static bool is_below_dev(const char *path)
{
	if (strncmp(path, DEV, strlen(DEV)))
		return false;
	for (const char *word = path + strlen(DEV);; word++) {
		size_t len = strcspn(word, "/");

		if (!len || (len <= 2 && !strncmp(word, "..", len)))
			return false;
		word += len;
		if (!*word)
			return true;
	}
}

/* Whether the file that is open is below /dev: the kernel names its path. */
static bool is_open_below_dev(int fd)
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(fd)], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > (ssize_t)strlen(DEV) && !strncmp(path, DEV, strlen(DEV));
}

/* Without openat2: Linux before 5.6, or a sandbox that refuses the call. */
static int open_path_checked(int dev, const char *path)
{
	_cleanup_close_ int fd = openat(dev, path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return is_open_below_dev(fd) ? steal_fd(&fd) : -EXDEV;
}

/* A descriptor that cannot be read from, or negative errno: -EXDEV: a link, or a mount, leads out
 * of /dev. */
static int open_path(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_close_ int dev = open(DEV, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dev < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, dev, path + strlen(DEV), &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_path_checked(dev, path + strlen(DEV));
	return fd < 0 ? -errno : fd;
}

int node_dev(const char *path, dev_t *out, struct err **e)
{
	_cleanup_close_ int fd = is_below_dev(path) ? open_path(path) : -EXDEV;
	struct stat st;

	if (fd == -EXDEV || fd == -ELOOP || fd == -EACCES)
		return err_set(e, ERR_USAGE, -EINVAL, "'%s' is not a device below /dev", path);
	if (fd < 0)
		return err_errno(e, fd, "cannot find the device %s", path);
	if (fstat(fd, &st) < 0)
		return err_errno(e, -errno, "cannot look at the device %s", path);
	if (!S_ISBLK(st.st_mode))
		return err_set(e, ERR_USAGE, -EINVAL, "%s is not a block device", path);
	*out = st.st_rdev;
	return 0;
}
