/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of libmount and libudev: what reads a file for us. */
#include "base/counted.h"

#include <libmount/libmount.h>
#include <libudev.h>

#define FILES(type, name, parameters, arguments)                                                   \
	COUNTED(TRACE_FILES, type, name, parameters, arguments)

FILES(int, mnt_table_parse_file, (struct libmnt_table * tb, const char *path), (tb, path))
FILES(int, mnt_table_parse_fstab, (struct libmnt_table * tb, const char *path), (tb, path))
FILES(struct udev_device *, udev_device_new_from_devnum, (struct udev * udev, char type, dev_t dev),
      (udev, type, dev))
FILES(struct udev_device *, udev_device_new_from_syspath, (struct udev * udev, const char *path),
      (udev, path))
