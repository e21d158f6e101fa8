/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/close.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/lock.h"

/* How long a thread that is ready to run may be held up. Those that wait are closed with the next
 * that comes after that: as many stay open as were opened in that time. */
#define GRACE_US USEC_PER_SEC
/* A cluster that answers has an image closed much sooner. */
#define CLOSE_US (10 * USEC_PER_SEC)

struct late {
	rbd_image_t image;
	uint64_t since_us;
	char *key; /* NULL: it is nobody's any more */
};

/* One for all connections, as a handle does not tell of which it is. */
static struct {
	pthread_mutex_t lock;
	struct late *items; /* the oldest first */
	size_t n;
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Locked. Forget N that wait, from the one at FIRST on. */
static void drop(size_t first, size_t n)
{
	struct late *at = waiting.items + first;

	waiting.n -= n;
	memmove(at, at + n, (waiting.n - first) * sizeof(*at));
}

/* Locked, so that no connection ends while one of its images is being closed by somebody else's
 * call. That takes no word with the cluster. */
static void close_first(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rbd_close(waiting.items[i].image);
		free(waiting.items[i].key);
	}
	drop(0, n);
}

/* Locked. How many have waited long enough. */
static size_t count_due(uint64_t now_us)
{
	size_t n = 0;

	while (n < waiting.n && now_us - waiting.items[n].since_us >= GRACE_US)
		n++;
	return n;
}

void image_lay_by(rbd_image_t image, char *key)
{
	struct late *grown;
	uint64_t now_us;

	WITH_LOCK(&waiting.lock);
	now_us = clock_now_us();
	if (waiting.n)
		close_first(count_due(now_us));
	grown = reallocarray(waiting.items, waiting.n + 1, sizeof(*grown));
	if (grown) {
		waiting.items = grown;
		grown[waiting.n++] = (struct late){image, now_us, key};
	} else {
		rbd_close(image);
		free(key);
	}
}

void image_close_later(rbd_image_t image)
{
	image_lay_by(image, NULL);
}

rbd_image_t image_take(const char *key)
{
	WITH_LOCK(&waiting.lock);
	for (size_t i = 0; i < waiting.n; i++) {
		rbd_image_t image = waiting.items[i].image;

		if (!waiting.items[i].key || strcmp(waiting.items[i].key, key))
			continue;
		free(waiting.items[i].key);
		drop(i, 1);
		return image;
	}
	return NULL;
}

/* --- for writing --- */

/* One that is being closed; DONE and LEFT are guarded by the lock. */
struct closing {
	bool done, left; /* nobody waits for it any more */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t n;
} closings = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void on_closed(rbd_completion_t completion, void *arg)
{
	struct closing *c = arg;

	rbd_aio_release(completion);
	WITH_LOCK(&closings.lock);
	c->done = true;
	closings.n--;
	if (c->left)
		free(c);
	pthread_cond_broadcast(&closings.changed);
}

/* Ends it by a thread of librbd. False: nothing was begun. */
static bool begin_closing(rbd_image_t image, struct closing *c)
{
	rbd_completion_t completion;

	if (!c || rbd_aio_create_completion(c, on_closed, &completion) < 0)
		return false;
	pthread_mutex_lock(&closings.lock);
	closings.n++;
	pthread_mutex_unlock(&closings.lock);
	rbd_aio_close(image, completion);
	return true;
}

void image_close(rbd_image_t image)
{
	struct closing *c = calloc(1, sizeof(*c));
	struct deadline end = deadline_in(CLOSE_US);

	if (!begin_closing(image, c)) {
		free(c);
		rbd_close(image);
		return;
	}
	WITH_LOCK(&closings.lock);
	while (!c->done && !deadline_passed(end))
		deadline_wait(&closings.changed, &closings.lock, end);
	c->left = true;
	if (c->done)
		free(c);
}

static void wait_for_closings(void)
{
	WITH_LOCK(&closings.lock);
	while (closings.n)
		pthread_cond_wait(&closings.changed, &closings.lock);
}

/* Locked. How long until all that waited at SINCE_US can be closed; 0: they are. */
static uint64_t close_until(uint64_t since_us)
{
	uint64_t now_us = clock_now_us();

	if (waiting.n)
		close_first(count_due(now_us));
	return waiting.n && waiting.items[0].since_us <= since_us
		       ? waiting.items[0].since_us + GRACE_US - now_us
		       : 0;
}

void images_close(void)
{
	uint64_t began_us = clock_now_us(), left_us;

	do {
		WITH_LOCK(&waiting.lock);
		left_us = close_until(began_us);
		if (!waiting.n) {
			free(waiting.items);
			waiting.items = NULL;
		}
	} while (left_us && !usleep((useconds_t)left_us));
	wait_for_closings();
}
