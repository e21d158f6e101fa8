/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/image-lock.h"

#include <errno.h>
#include <stddef.h>

void image_locks_init(struct image_locks *all)
{
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->ended, NULL);
	all->first = NULL;
}

void image_locks_deinit(struct image_locks *all)
{
	pthread_cond_destroy(&all->ended);
	pthread_mutex_destroy(&all->lock);
}

/* Under the lock. */
static const struct image_lock *find(const struct image_locks *all, const struct spec *spec,
				     bool alone)
{
	const struct image_lock *p = all->first;

	while (p && !((p->alone || !alone) && spec_same_image(p->spec, spec)))
		p = p->next;
	return p;
}

static void add(struct image_locks *all, struct image_lock *p, const struct spec *spec, bool alone)
{
	*p = (struct image_lock){.spec = spec, .alone = alone, .next = all->first};
	all->first = p;
}

int image_lock_shared(struct image_locks *all, struct image_lock *p, const struct spec *spec,
		      struct deadline deadline)
{
	const struct timespec until = {
		.tv_sec = (time_t)(deadline.at_us / USEC_PER_SEC),
		.tv_nsec = (long)(deadline.at_us % USEC_PER_SEC) * 1000,
	};
	int r = 0;

	pthread_mutex_lock(&all->lock);
	while (!r && find(all, spec, true))
		r = -pthread_cond_clockwait(&all->ended, &all->lock, CLOCK_MONOTONIC, &until);
	if (!r)
		add(all, p, spec, false);
	pthread_mutex_unlock(&all->lock);
	return r;
}

bool image_lock_try_exclusive(struct image_locks *all, struct image_lock *p,
			      const struct spec *spec)
{
	bool free;

	pthread_mutex_lock(&all->lock);
	free = !find(all, spec, false);
	if (free)
		add(all, p, spec, true);
	pthread_mutex_unlock(&all->lock);
	return free;
}

void image_lock_end(struct image_locks *all, struct image_lock *p)
{
	struct image_lock **at = &all->first;

	if (!p->spec)
		return;
	pthread_mutex_lock(&all->lock);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	pthread_cond_broadcast(&all->ended);
	pthread_mutex_unlock(&all->lock);
	p->spec = NULL;
}

bool image_is_locked(struct image_locks *all, const struct spec *spec)
{
	bool any;

	pthread_mutex_lock(&all->lock);
	any = find(all, spec, false) != NULL;
	pthread_mutex_unlock(&all->lock);
	return any;
}
