/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/discard.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/file.h"
#include "base/value.h"

/* So much of a file system is looked through at a time: whole groups of ext4. */
#define RANGE_BYTES  (UINT64_C(1) << 30)
#define LOOK_US	     200000 /* how often a rest looks whether it shall go on */
#define SECTOR_BYTES 512

static int discard_refused(const char *path, int code, struct err **e)
{
	if (code == ENOTTY) {
		err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
			"cannot trim %s: its file system cannot tell which blocks it does not use",
			path);
		return err_hint(e, "ext4, xfs and btrfs can");
	}
	if (code == EOPNOTSUPP) {
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

/* The oldest form of what xfs tells of itself (XFS_IOC_FSGEOMETRY_V1), which every kernel knows. */
struct xfs_geometry {
	uint32_t block_bytes, rt_extent_blocks, group_blocks, groups;
	uint32_t other[4];
	uint64_t blocks;
	uint64_t rest[3];
	uint8_t uuid[16];
	uint32_t more[7];
};
#define XFS_GEOMETRY _IOR('X', 100, struct xfs_geometry)

/* What to look through at a time; 0: all, as the file system takes no ranges that add up. xfs
 * discards each free extent that a range touches, in full (before Linux 6.10), and none of them is
 * in two of its groups. btrfs counts its ranges otherwise, and trims what it has not allocated yet
 * with each of them. */
static uint64_t step_of(int fd)
{
	struct xfs_geometry g;
	struct statfs fs;

	if (fstatfs(fd, &fs) || (unsigned long)fs.f_type == BTRFS_SUPER_MAGIC)
		return 0;
	if ((unsigned long)fs.f_type != XFS_SUPER_MAGIC)
		return RANGE_BYTES;
	return ioctl(fd, XFS_GEOMETRY, &g) ? 0 : (uint64_t)g.group_blocks * g.block_bytes;
}

/* No file system reaches beyond its device; 0: not to be known. */
static uint64_t end_of(int fd)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_err_ struct err *ignored = NULL;
	uint64_t sectors = 0;
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	text = file_line("/sys/dev/block/%u:%u/size", major(st.st_dev), minor(st.st_dev));
	if (text)
		value_u64("size", text, 0, UINT64_MAX / SECTOR_BYTES, &sectors, &ignored);
	return sectors * SECTOR_BYTES;
}

static int discard_check(const struct trim_limits *limits)
{
	return limits->check ? limits->check(limits->arg) : 0;
}

/* Rest until BYTES, done since START_US, are no more than the rate allows. */
static int keep_to_rate(uint64_t bytes, const struct trim_limits *limits, uint64_t start_us)
{
	double due_us = (double)bytes / (double)limits->rate_bytes * USEC_PER_SEC;

	for (;;) {
		uint64_t spent_us = clock_now_us() - start_us;
		int r = discard_check(limits);

		if (r < 0 || (double)spent_us >= due_us)
			return r;
		usleep(due_us - (double)spent_us < LOOK_US ? (useconds_t)(due_us - (double)spent_us)
							   : LOOK_US);
	}
}

/* Step by step, so that it can be ended, and with a rate with rests. Some file systems say by
 * EINVAL where they end. */
static int trim_in_steps(int fd, const struct trim_limits *limits, uint64_t end,
			 struct trim_result *out)
{
	const uint64_t start_us = clock_now_us();
	int r = 0;

	for (uint64_t at = 0; !r && at < end; at += out->step_bytes) {
		struct fstrim_range range = {at, out->step_bytes, limits->minimum_bytes};

		if (ioctl(fd, FITRIM, &range))
			return at && errno == EINVAL ? 0 : -errno;
		out->bytes += range.len;
		r = limits->rate_bytes ? keep_to_rate(out->bytes, limits, start_us)
				       : discard_check(limits);
	}
	return r;
}

static int trim_at_once(int fd, const struct trim_limits *limits, struct trim_result *out)
{
	struct fstrim_range range = {0, UINT64_MAX, limits->minimum_bytes};

	if (ioctl(fd, FITRIM, &range))
		return -errno;
	out->bytes = range.len;
	return 0;
}

int mount_trim(int fd, const char *path, const struct trim_limits *limits, struct trim_result *out,
	       struct err **e)
{
	uint64_t end = end_of(fd);
	int r;

	*out = (struct trim_result){.step_bytes = end ? step_of(fd) : 0};
	r = out->step_bytes ? trim_in_steps(fd, limits, end, out) : trim_at_once(fd, limits, out);
	return r < 0 ? discard_refused(path, -r, e) : 0;
}
