/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A point on the monotonic clock by which something must have ended: every wait takes one. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

struct deadline {
	uint64_t at_us; /* CLOCK_MONOTONIC */
};

static inline uint64_t clock_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static inline struct deadline deadline_in(uint64_t us)
{
	uint64_t now = clock_now_us();

	return (struct deadline){us > UINT64_MAX - now ? UINT64_MAX : now + us};
}

/* What is left, in µs; 0 when it has passed. */
static inline uint64_t deadline_left_us(struct deadline d)
{
	uint64_t now = clock_now_us();

	return d.at_us > now ? d.at_us - now : 0;
}

static inline bool deadline_passed(struct deadline d)
{
	return !deadline_left_us(d);
}

/* For poll(2): what is left in ms, rounded up, at most a day. */
static inline int deadline_poll_ms(struct deadline d)
{
	uint64_t ms = (deadline_left_us(d) + 999) / 1000;

	return ms > 86400000 ? 86400000 : (int)ms;
}

/* Wait for COND, with LOCK held by the caller, until D. 0: it was signalled, or woke up for
 * nothing; ETIMEDOUT: D has passed. The condition needs no clock of its own. */
static inline int deadline_wait(pthread_cond_t *cond, pthread_mutex_t *lock, struct deadline d)
{
	const struct timespec ts = {
		.tv_sec = (time_t)(d.at_us / USEC_PER_SEC),
		.tv_nsec = (long)(d.at_us % USEC_PER_SEC * 1000),
	};

	return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &ts);
}

static inline struct deadline deadline_earlier(struct deadline a, struct deadline b)
{
	return a.at_us < b.at_us ? a : b;
}
