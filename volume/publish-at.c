/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A staged volume at a second place: a bind mount. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mapper/mounts.h"
#include "volume/filesystem.h"
#include "volume/publish-at.h"
#include "volume/publish.h"

/* PATH without links, as the kernel's table of mounts has it. 1 and *out (the caller frees it); 0:
 * there is no such directory. */
static int resolve(const char *path, char **out, struct err **e)
{
	*out = NULL;
	if (*path != '/')
		return err_set(e, ERR_USAGE, -EINVAL, "'%s' is not an absolute path", path);
	*out = realpath(path, NULL);
	if (*out)
		return 1;
	return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot look at %s", path);
}

/* 1: SPEC is mounted on PATH; 0: nothing is; -EBUSY: something else. */
static int is_at(const struct spec *spec, const char *path, struct err **e)
{
	_cleanup_free_ char *directory = publish_directory(spec);
	dev_t here, staged = 0;
	int r = mount_find(path, &here, e);

	if (!directory)
		return err_oom(e);
	if (r > 0)
		r = mount_find(directory, &staged, e) < 0 ? (*e)->code : 1;
	if (r <= 0 || here == staged || publish_is_gone(here))
		return r;
	return err_set(e, ERR_BUSY, -EBUSY, "something else than %s is mounted on %s", spec->image,
		       path);
}

/* The flags that a mount has, to be kept when it is changed. */
static unsigned long flags_of(const struct statvfs *fs)
{
	static const struct {
		unsigned long has, flag;
	} table[] = {
		{ST_RDONLY, MS_RDONLY},	    {ST_NOSUID, MS_NOSUID},
		{ST_NODEV, MS_NODEV},	    {ST_NOEXEC, MS_NOEXEC},
		{ST_NOATIME, MS_NOATIME},   {ST_NODIRATIME, MS_NODIRATIME},
		{ST_RELATIME, MS_RELATIME},
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (fs->f_flag & table[i].has)
			flags |= table[i].flag;
	return flags;
}

/* As READ_ONLY says, whatever a call that was cut off left. */
static int set_access(const char *directory, const char *path, bool read_only, struct err **e)
{
	struct statvfs fs;
	unsigned long flags;

	if (statvfs(directory, &fs) < 0)
		return err_errno(e, -errno, "cannot look at %s", directory);
	flags = flags_of(&fs) | (read_only ? MS_RDONLY : 0);
	if (mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | flags, NULL) < 0)
		return err_errno(e, -errno, "cannot set how %s is mounted", path);
	return 0;
}

int publish_at(const struct spec *spec, const char *path, bool read_only, struct err **e)
{
	_cleanup_free_ char *directory = publish_directory(spec), *real = NULL;
	int r = directory ? publish_is_staged(spec, e) : err_oom(e);

	if (!r)
		return err_set(e, ERR_NOT_FOUND, -ENOENT, "%s is not staged here", spec->image);
	if (r > 0)
		r = resolve(path, &real, e);
	if (!r && mkdir(path, 0750) < 0)
		return err_errno(e, -errno, "cannot make the directory %s", path);
	if (!r)
		r = resolve(path, &real, e);
	if (r > 0)
		r = is_at(spec, real, e);
	if (r < 0)
		return r;
	if (!r && mount(directory, real, NULL, MS_BIND, NULL) < 0)
		return err_errno(e, -errno, "cannot mount %s on %s", directory, real);
	return set_access(directory, real, read_only, e);
}

int publish_leave(const struct spec *spec, const char *path, struct err **e)
{
	_cleanup_free_ char *real = NULL;
	int r = resolve(path, &real, e);

	if (r > 0)
		r = is_at(spec, real, e);
	if (r > 0)
		r = filesystem_umount(real, e);
	if (r >= 0 && real)
		rmdir(real);
	return r < 0 ? r : 0;
}
