/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host-mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define HOST_NAMESPACE "/proc/1/ns/mnt"
#define OWN_NAMESPACE  "/proc/self/ns/mnt"

DEFINE_CLEANUP(struct libmnt_table *, mnt_unref_table)
DEFINE_CLEANUP(struct libmnt_iter *, mnt_free_iter)

/* A device that no unmount by the host frees: the mount gets no events of the host's. */
static bool is_stray(struct libmnt_fs *fs)
{
	const char *source = mnt_fs_get_source(fs), *options = mnt_fs_get_optional_fields(fs);

	return source && !strncmp(source, "/dev/", 5) && strcmp(mnt_fs_get_target(fs), "/") &&
	       !(options && strstr(options, "master:"));
}

static int let_go_strays(void)
{
	cleanup(mnt_unref_table_p) struct libmnt_table *table = mnt_new_table();
	cleanup(mnt_free_iter_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_BACKWARD);
	struct libmnt_fs *fs;

	if (!table || !iter)
		return -ENOMEM;
	if (mnt_table_parse_file(table, "/proc/self/mountinfo"))
		return -EIO;
	while (!mnt_table_next_fs(table, iter, &fs))
		if (is_stray(fs) && umount2(mnt_fs_get_target(fs), MNT_DETACH) < 0 &&
		    errno != EINVAL && errno != ENOENT)
			return -errno;
	return 0;
}

int host_mounts_leave(struct err **e)
{
	struct stat host, own;
	int r;

	if (stat(HOST_NAMESPACE, &host) < 0 || stat(OWN_NAMESPACE, &own) < 0)
		return err_errno(e, -errno, "cannot see whose mount namespace this is");
	if (host.st_ino == own.st_ino)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "--host-mounts is for a daemon with a mount namespace of its own");
	r = let_go_strays();
	return r < 0 ? err_errno(e, r, "cannot leave mounts to the host") : 0;
}

int host_mounts_enter(struct err **e)
{
	_cleanup_close_ int fd = open(HOST_NAMESPACE, O_RDONLY | O_CLOEXEC);

	/* Threads share their working directory, and then none may change its namespace. */
	if (fd < 0 || unshare(CLONE_FS) < 0 || setns(fd, CLONE_NEWNS) < 0)
		return err_errno(e, -errno, "cannot get at the mounts of the host");
	return 0;
}
