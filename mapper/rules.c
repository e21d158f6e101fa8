/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/rules.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "mapper/ready.h"

#define RULES "59-rbdvol.rules"

int rules_in_force(char **path, struct err **e)
{
	/* In udev's order: of files with one name, the first counts, and an empty one hides. */
	static const char *const directories[] = {"/etc/udev/rules.d", "/run/udev/rules.d",
						  "/usr/local/lib/udev/rules.d",
						  "/usr/lib/udev/rules.d", "/lib/udev/rules.d"};
	_cleanup_free_ char *found = NULL;
	struct stat st;

	for (size_t i = 0; !found && i < ARRAY_SIZE(directories); i++) {
		if (str_printf(&found, "%s/" RULES, directories[i]) < 0)
			return err_oom(e);
		if (stat(found, &st) < 0) {
			free(found);
			found = NULL;
		}
	}
	if (!found) {
		err_set(e, ERR_FAILED, -ENOENT,
			"rbdvol's udev rules (" RULES ") are not installed");
		return err_hint(e, "install them in /usr/lib/udev/rules.d, then 'udevadm control "
				   "--reload'");
	}
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		err_set(e, ERR_FAILED, -ENOENT, "%s is empty, and hides rbdvol's udev rules",
			found);
		return err_hint(e, "remove it, then 'udevadm control --reload'");
	}
	if (!udevd_listens()) {
		err_set(e, ERR_FAILED, -ECONNREFUSED, "systemd-udevd is not running");
		return err_hint(e, "start systemd-udevd");
	}
	*path = steal(&found);
	return 0;
}
