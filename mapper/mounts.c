/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/mounts.h"

#include <libmount/libmount.h>

int mount_find(const char *target, dev_t *out, struct err **e)
{
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_fs *fs;
	int r = table ? mnt_table_parse_file(table, "/proc/thread-self/mountinfo") : -1;

	if (!table)
		return err_oom(e);
	fs = r ? NULL : mnt_table_find_target(table, target, MNT_ITER_BACKWARD);
	if (fs)
		*out = mnt_fs_get_devno(fs);
	mnt_unref_table(table);
	return r < 0 ? err_errno(e, r, "cannot read the table of mounts") : fs != NULL;
}

bool mount_is_notrim(const char *target)
{
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_fs *fs = NULL;
	bool found;

	if (table && !mnt_table_parse_fstab(table, NULL))
		fs = mnt_table_find_target(table, target, MNT_ITER_BACKWARD);
	found = fs && !mnt_fs_get_option(fs, "X-fstrim.notrim", NULL, NULL);
	mnt_unref_table(table);
	return found;
}
