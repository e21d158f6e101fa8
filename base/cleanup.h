/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cleanup attributes: a resource is freed where its variable goes out of scope; it leaves by steal.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup(fn) __attribute__((__cleanup__(fn)))

/* Hand the value of *p on and leave the null value behind, so that the cleanup finds nothing. */
#define steal(p)                                                                                   \
	({                                                                                         \
		__auto_type _p = (p);                                                              \
		__auto_type _v = *_p;                                                              \
		*_p = NULL;                                                                        \
		_v;                                                                                \
	})

static inline int steal_fd(int *fd)
{
	int v = *fd;
	*fd = -1;
	return v;
}

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Define NAME_p, a cleanup function for variables of TYPE that calls FREE on a value that is not
 * null. */
#define DEFINE_CLEANUP(type, fn)                                                                   \
	static inline void fn##_p(type *p)                                                         \
	{                                                                                          \
		if (*p)                                                                            \
			fn(*p);                                                                    \
	}

#define _cleanup_free_	 cleanup(cleanup_freep)
#define _cleanup_close_	 cleanup(cleanup_closep)
#define _cleanup_fclose_ cleanup(cleanup_fclosep)
#define _cleanup_dir_	 cleanup(cleanup_closedirp)

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define _must_check_   __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
