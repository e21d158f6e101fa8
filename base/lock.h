/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>

#include "base/cleanup.h"

static inline void lock_release(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

/* Hold the mutex that LOCK points to until the end of the block. What is declared before it is
 * cleaned up without the lock. */
#define WITH_LOCK(lock)                                                                            \
	cleanup(lock_release) pthread_mutex_t *with_lock = (lock);                                 \
	pthread_mutex_lock(with_lock)
