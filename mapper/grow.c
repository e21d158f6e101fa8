/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file systems grow by their own ioctls: no program is needed, and nothing but the kernel
 * decides. Each of them does nothing where the size fits already. */
#include "mapper/grow.h"
#include "base/deadline.h"
#include "mapper/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"

#define LOOK_EVERY_MS 50

#define EXT4_RESIZE _IOW('f', 16, uint64_t) /* to a number of blocks */
#define XFS_MAGIC   0x58465342

/* As the kernel has them in fs/xfs/libxfs/xfs_fs.h; its header is in no package we need. */
struct xfs_geometry {
	uint32_t block_size, rt_extent_size, ag_blocks, ag_count, log_blocks, sector_size,
		inode_size, inode_percent_max;
	uint64_t data_blocks, rt_blocks, rt_extents, log_start;
	uint8_t uuid[16];
	uint32_t stripe_unit, stripe_width, version, flags, log_sector_size, rt_sector_size,
		dir_block_size;
};
struct xfs_growth {
	uint64_t blocks;
	uint32_t inode_percent_max;
};
#define XFS_GEOMETRY _IOR('X', 100, struct xfs_geometry)
#define XFS_GROW     _IOW('X', 110, struct xfs_growth)

static uint64_t size_of(const struct device *d)
{
	_cleanup_free_ char *text = file_line("/sys/bus/rbd/devices/%d/size", d->id);

	return text ? strtoull(text, NULL, 10) : 0;
}

int device_wait_size(struct device *d, uint64_t size_bytes, struct deadline deadline,
		     struct err **e)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/rbd/devices/%d/refresh", d->id);
	while (size_of(d) != size_bytes) {
		/* The kernel hears of it by itself; to ask makes it sure, and quick. */
		int r = file_write_once(AT_FDCWD, path, "1");

		if (r < 0)
			return err_errno(e, r, "the kernel cannot read the size of %s again",
					 d->node);
		if (size_of(d) == size_bytes)
			break;
		if (deadline_passed(deadline))
			return err_set(
				e, ERR_UNREACHABLE, -ETIMEDOUT,
				"the image has grown, but the kernel shows %s at its old size",
				d->node);
		poll(NULL, 0, LOOK_EVERY_MS);
	}
	d->size_bytes = size_bytes;
	return 0;
}

static int grow_ext4(int fd, const struct statfs *fs, const struct device *d)
{
	uint64_t blocks = d->size_bytes / (uint64_t)fs->f_bsize;

	return ioctl(fd, EXT4_RESIZE, &blocks) < 0 ? -errno : 1;
}

static int grow_xfs(int fd, const struct device *d)
{
	struct xfs_geometry geometry;
	struct xfs_growth growth;

	if (ioctl(fd, XFS_GEOMETRY, &geometry) < 0)
		return -errno;
	growth = (struct xfs_growth){
		.blocks = d->size_bytes / geometry.block_size,
		.inode_percent_max = geometry.inode_percent_max,
	};
	if (growth.blocks <= geometry.data_blocks)
		return 1;
	return ioctl(fd, XFS_GROW, &growth) < 0 ? -errno : 1;
}

/* Only where it is the only device of the file system: which of several to grow is not ours to
 * say. */
static int grow_btrfs(int fd, const struct device *d)
{
	struct btrfs_ioctl_fs_info_args info = {0};
	struct btrfs_ioctl_dev_info_args device = {.devid = 1};
	struct btrfs_ioctl_vol_args args = {.name = "max"};
	struct stat st;

	if (ioctl(fd, BTRFS_IOC_FS_INFO, &info) < 0)
		return -errno;
	if (info.num_devices != 1)
		return 0;
	device.devid = info.max_id;
	if (ioctl(fd, BTRFS_IOC_DEV_INFO, &device) < 0)
		return -errno;
	if (stat((char *)device.path, &st) < 0 || st.st_rdev != d->dev)
		return 0;
	snprintf(args.name, sizeof(args.name), "%llu:max", (unsigned long long)device.devid);
	return ioctl(fd, BTRFS_IOC_RESIZE, &args) < 0 ? -errno : 1;
}

/* 1: grown; 0: not one of these; or negative errno. */
static int grow_open(int fd, const struct device *d)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type == BTRFS_SUPER_MAGIC)
		return grow_btrfs(fd, d);
	if (st.st_dev != d->dev) /* a partition's */
		return 0;
	if (fs.f_type == EXT4_SUPER_MAGIC)
		return grow_ext4(fd, &fs, d);
	return fs.f_type == XFS_MAGIC ? grow_xfs(fd, d) : 0;
}

int mount_grow(int fd, const char *path, const struct device *d, struct err **e)
{
	int r = grow_open(fd, d);

	if (r >= 0)
		return r;
	err_errno(e, r, "the device has grown, but the file system at %s does not follow", path);
	return err_hint(e, "see dmesg; 'resize2fs' or 'xfs_growfs' on it may tell more");
}
