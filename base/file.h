/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files, read and written whole: sysfs attributes, keyrings, procfs. */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

/* The whole file PATH below DIRFD (AT_FDCWD for a plain path), NUL-terminated, at most MAX bytes.
 * The caller frees *out. Negative errno; -EFBIG where it is longer. */
int file_read(int dirfd, const char *path, size_t max, char **out, size_t *out_len) _must_check_;
/* The same, with the trailing newline cut off: a sysfs attribute. At most 64 KiB. */
int file_read_line(int dirfd, const char *path, char **out) _must_check_;
/* The same of the file that FMT names; NULL where it cannot be read. The caller frees it. */
char *file_line(const char *fmt, ...) _printf_(1, 2) _must_check_;
/* PATH becomes TEXT, whole or not at all, even where the power fails; it keeps the mode and owner
 * that it has, or gets MODE. 0 or negative errno. */
int file_replace(const char *path, const char *text, unsigned mode) _must_check_;
/* TEXT in one write(2), as sysfs wants it; nothing is created. 0 or negative errno. */
int file_write_once(int dirfd, const char *path, const char *text) _must_check_;
