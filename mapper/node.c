/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
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

/* A descriptor that can't be read from, or negative errno: -EXDEV: a link, or a mount, leads out of
 * /dev. */
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
	/* Before Linux 5.6, the links below /dev are trusted: only root can make one there. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dev, path + strlen(DEV), O_PATH | O_CLOEXEC);
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
