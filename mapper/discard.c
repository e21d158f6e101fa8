/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/discard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* FITRIM takes any path of a file system: make sure that it is a mount's root, since after an
 * unmount the same path belongs to the file system below. */
static int check_mount_root(int fd, const char *path, struct err **e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st))
		return err_errno(e, -errno, "cannot look at %s", path);
	if ((st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_set(e, ERR_USAGE, -EINVAL, "cannot trim %s: nothing is mounted there",
			       path);
	return 0;
}

static int refused(const char *path, int code, struct err **e)
{
	if (code == EOPNOTSUPP || code == ENOTTY) {
		err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
			"cannot trim %s: its file system or its device has no discard", path);
		return err_hint(e, "was the volume attached with the map option notrim, or is it "
				   "mounted through a layer that passes no discards?");
	}
	if (code == EROFS)
		return err_set(e, ERR_FAILED, -code, "cannot trim %s: it is mounted read-only",
			       path);
	if (code == EPERM || code == EACCES)
		return err_set(e, ERR_NOT_PERMITTED, -code, "trimming %s needs root", path);
	return err_errno(e, -code, "cannot trim %s", path);
}

int mount_trim(const char *path, uint64_t *out_bytes, struct err **e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK);
	struct fstrim_range range = {.len = UINT64_MAX};
	int r;

	*out_bytes = 0;
	if (fd < 0)
		return err_errno(e, -errno, "cannot open %s", path);
	r = check_mount_root(fd, path, e);
	if (r < 0)
		return r;
	if (ioctl(fd, FITRIM, &range))
		return refused(path, errno, e);
	*out_bytes = range.len;
	return 0;
}
