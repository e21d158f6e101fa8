/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/presence.h"

#include <errno.h>
#include <stddef.h>

void presences_init(struct presences *all)
{
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->ended, NULL);
	all->first = NULL;
}

void presences_deinit(struct presences *all)
{
	pthread_cond_destroy(&all->ended);
	pthread_mutex_destroy(&all->lock);
}

/* Under the lock. */
static const struct presence *find(const struct presences *all, const struct spec *spec, bool alone)
{
	const struct presence *p = all->first;

	while (p && !((p->alone || !alone) && spec_same_image(p->spec, spec)))
		p = p->next;
	return p;
}

static void add(struct presences *all, struct presence *p, const struct spec *spec, bool alone)
{
	*p = (struct presence){.spec = spec, .alone = alone, .next = all->first};
	all->first = p;
}

int presence_begin(struct presences *all, struct presence *p, const struct spec *spec,
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

bool presence_begin_alone(struct presences *all, struct presence *p, const struct spec *spec)
{
	bool free;

	pthread_mutex_lock(&all->lock);
	free = !find(all, spec, false);
	if (free)
		add(all, p, spec, true);
	pthread_mutex_unlock(&all->lock);
	return free;
}

void presence_end(struct presences *all, struct presence *p)
{
	struct presence **at = &all->first;

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

bool presence_any(struct presences *all, const struct spec *spec)
{
	bool any;

	pthread_mutex_lock(&all->lock);
	any = find(all, spec, false) != NULL;
	pthread_mutex_unlock(&all->lock);
	return any;
}
