/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/image-lock.h"
#include "base/lock.h"

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

/* Whether operations of these kinds on the same image exclude each other. */
static bool exclude(const struct image_lock *a, const struct image_lock *b)
{
	if (a->kind == IMAGE_LOCK_EXCLUSIVE || b->kind == IMAGE_LOCK_EXCLUSIVE)
		return true;
	/* Of two different kinds that are left one is on a snapshot, or it does not matter. */
	return a->kind != b->kind && (a->kind == IMAGE_LOCK_SHARED ? a : b)->spec->snap;
}

/* Under the lock. */
static bool is_excluded(const struct image_locks *all, const struct image_lock *wanted)
{
	const struct image_lock *p = all->first;

	while (p && !(spec_same_image(p->spec, wanted->spec) && exclude(p, wanted)))
		p = p->next;
	return p;
}

/* Under the lock. */
static void lock_add(struct image_locks *all, struct image_lock *p, const struct image_lock *wanted)
{
	*p = *wanted;
	p->next = all->first;
	all->first = p;
}

static bool lock_try(struct image_locks *all, struct image_lock *p, const struct image_lock *wanted)
{
	WITH_LOCK(&all->lock);
	if (is_excluded(all, wanted))
		return false;
	lock_add(all, p, wanted);
	return true;
}

int image_lock_shared(struct image_locks *all, struct image_lock *p, const struct spec *spec,
		      struct deadline deadline)
{
	const struct image_lock wanted = {.spec = spec, .kind = IMAGE_LOCK_SHARED};
	int r = 0;

	WITH_LOCK(&all->lock);
	while (!r && is_excluded(all, &wanted))
		r = -deadline_wait(&all->ended, &all->lock, deadline);
	if (!r)
		lock_add(all, p, &wanted);
	return r;
}

bool image_lock_try_exclusive(struct image_locks *all, struct image_lock *p,
			      const struct spec *spec)
{
	const struct image_lock wanted = {.spec = spec, .kind = IMAGE_LOCK_EXCLUSIVE};

	return lock_try(all, p, &wanted);
}

bool image_lock_try_snapshots(struct image_locks *all, struct image_lock *p,
			      const struct spec *spec)
{
	const struct image_lock wanted = {.spec = spec, .kind = IMAGE_LOCK_SNAPSHOTS};

	return lock_try(all, p, &wanted);
}

void image_lock_end(struct image_locks *all, struct image_lock *p)
{
	struct image_lock **at = &all->first;

	if (!p->spec)
		return;
	WITH_LOCK(&all->lock);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->spec = NULL;
	pthread_cond_broadcast(&all->ended);
}

bool image_is_locked(struct image_locks *all, const struct spec *spec)
{
	const struct image_lock any = {.spec = spec, .kind = IMAGE_LOCK_EXCLUSIVE};
	WITH_LOCK(&all->lock);
	return is_excluded(all, &any);
}
