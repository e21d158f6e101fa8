/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/close.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"

/* How long a thread that is ready to run may be held up. Those that wait are closed with the next
 * that comes after that: as many stay open as were opened in that time. */
#define GRACE_US USEC_PER_SEC

struct late {
	rbd_image_t image;
	uint64_t since_us;
};

/* One for all connections, as a handle doesn't tell of which it is. */
static struct {
	pthread_mutex_t lock;
	struct late *items; /* the oldest first */
	size_t n;
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Locked, so that no connection ends while one of its images is being closed by somebody else's
 * call. That takes no word with the cluster. */
static void close_first(size_t n)
{
	for (size_t i = 0; i < n; i++)
		rbd_close(waiting.items[i].image);
	waiting.n -= n;
	memmove(waiting.items, waiting.items + n, waiting.n * sizeof(*waiting.items));
}

/* Locked. How many have waited long enough. */
static size_t count_due(uint64_t now_us)
{
	size_t n = 0;

	while (n < waiting.n && now_us - waiting.items[n].since_us >= GRACE_US)
		n++;
	return n;
}

void image_close_later(rbd_image_t image)
{
	struct late *grown;
	uint64_t now_us;

	pthread_mutex_lock(&waiting.lock);
	now_us = clock_now_us();
	if (waiting.n)
		close_first(count_due(now_us));
	grown = reallocarray(waiting.items, waiting.n + 1, sizeof(*grown));
	if (grown) {
		waiting.items = grown;
		grown[waiting.n++] = (struct late){image, now_us};
	} else {
		rbd_close(image);
	}
	pthread_mutex_unlock(&waiting.lock);
}

void images_close_now(void)
{
	pthread_mutex_lock(&waiting.lock);
	if (waiting.n)
		close_first(waiting.n);
	free(waiting.items);
	waiting.items = NULL;
	pthread_mutex_unlock(&waiting.lock);
}
