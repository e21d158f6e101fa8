/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/discard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/deadline.h"

/* With a rate, so much of a file system is looked through at a time: whole groups of ext4. */
#define RANGE_BYTES (UINT64_C(1) << 30)
#define LOOK_US	    200000 /* how often a rest looks whether it shall go on */

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
	if (code == EINVAL) {
		err_set(e, ERR_USAGE, -code, "cannot trim %s: its file system refuses the range",
			path);
		return err_hint(e, "ext4 takes no minimum above the size of its groups");
	}
	if (code == EPERM || code == EACCES)
		return err_set(e, ERR_NOT_PERMITTED, -code, "trimming %s needs root", path);
	if (code == ECANCELED)
		return err_set(e, ERR_FAILED, -code, "trim of %s: cancelled", path);
	return err_errno(e, -code, "cannot trim %s", path);
}

/* btrfs counts its ranges otherwise, and trims what it has not allocated yet with each of them. */
static bool takes_ranges(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (unsigned long)fs.f_type != BTRFS_SUPER_MAGIC;
}

/* Rest until BYTES, done since START_US, are no more than the rate allows. */
static int keep_to_rate(uint64_t bytes, const struct trim_limits *limits, uint64_t start_us)
{
	double due_us = (double)bytes / (double)limits->rate_bytes * USEC_PER_SEC;

	for (;;) {
		uint64_t spent_us = clock_now_us() - start_us;
		int r = limits->check ? limits->check(limits->arg) : 0;

		if (r < 0 || (double)spent_us >= due_us)
			return r;
		usleep(due_us - (double)spent_us < LOOK_US ? (useconds_t)(due_us - (double)spent_us)
							   : LOOK_US);
	}
}

/* Range after range, with rests. The file system says by EINVAL where it ends. */
static int trim_slowly(int fd, const struct trim_limits *limits, uint64_t *out_bytes)
{
	const uint64_t start_us = clock_now_us();
	int r;

	for (uint64_t at = 0;; at += RANGE_BYTES) {
		struct fstrim_range range = {at, RANGE_BYTES, limits->minimum_bytes};

		if (ioctl(fd, FITRIM, &range))
			return at && errno == EINVAL ? 0 : -errno;
		*out_bytes += range.len;
		r = keep_to_rate(*out_bytes, limits, start_us);
		if (r < 0)
			return r;
	}
}

static int trim_at_once(int fd, const struct trim_limits *limits, uint64_t *out_bytes)
{
	struct fstrim_range range = {0, UINT64_MAX, limits->minimum_bytes};

	if (ioctl(fd, FITRIM, &range))
		return -errno;
	*out_bytes = range.len;
	return 0;
}

int mount_trim(const char *path, const struct trim_limits *limits, uint64_t *out_bytes,
	       struct err **e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK);
	int r;

	*out_bytes = 0;
	if (fd < 0)
		return err_errno(e, -errno, "cannot open %s", path);
	r = check_mount_root(fd, path, e);
	if (r < 0)
		return r;
	r = limits->rate_bytes && takes_ranges(fd) ? trim_slowly(fd, limits, out_bytes)
						   : trim_at_once(fd, limits, out_bytes);
	return r < 0 ? refused(path, -r, e) : 0;
}
