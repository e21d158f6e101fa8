/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of the C library: what opens files, and starts programs. */
#include "base/counted.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>

#define FILES(type, name, parameters, arguments)                                                   \
	COUNTED(TRACE_FILES, type, name, parameters, arguments)

FILES(DIR *, opendir, (const char *path), (path))
FILES(FILE *, fopen, (const char *path, const char *mode), (path, mode))
COUNTED(TRACE_PROGRAMS, int, posix_spawnp,
	(pid_t * pid, const char *file, const posix_spawn_file_actions_t *actions,
	 const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
	(pid, file, actions, attr, argv, envp))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);

/* Without O_CREAT and O_TMPFILE there is no mode, and what is read of it has no meaning. */
#define MODE_AFTER(last)                                                                           \
	({                                                                                         \
		mode_t _mode = 0;                                                                  \
		va_list _ap;                                                                       \
                                                                                                   \
		va_start(_ap, last);                                                               \
		if ((last) & (O_CREAT | __O_TMPFILE))                                              \
			_mode = va_arg(_ap, mode_t);                                               \
		va_end(_ap);                                                                       \
		_mode;                                                                             \
	})

int __wrap_open(const char *path, int flags, ...)
{
	trace_count(TRACE_FILES);
	return __real_open(path, flags, MODE_AFTER(flags));
}

int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	trace_count(TRACE_FILES);
	return __real_openat(dirfd, path, flags, MODE_AFTER(flags));
}
