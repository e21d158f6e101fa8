/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/window.h"

static int land_oldest(struct window *f)
{
	size_t slot = f->first;
	rados_completion_t c = f->items[slot];
	int r;

	rados_aio_wait_for_complete(c);
	r = rados_aio_get_return_value(c);
	if (f->landed)
		r = f->landed(f, slot, r);
	rados_aio_release(c);
	f->first = (f->first + 1) % WINDOW_MAX;
	f->n--;
	return r;
}

int window_next(struct window *f, size_t *slot)
{
	int r = f->n == WINDOW_MAX ? land_oldest(f) : 0;

	*slot = (f->first + f->n) % WINDOW_MAX;
	return r < 0 ? r : rados_aio_create_completion2(NULL, NULL, &f->items[*slot]);
}

int window_begun(struct window *f, size_t slot, int r)
{
	if (r < 0)
		rados_aio_release(f->items[slot]);
	else
		f->n++;
	return r;
}

int window_stat(struct window *f, rados_ioctx_t io, const char *object, uint64_t sizes[],
		time_t times[])
{
	size_t slot;
	int r = window_next(f, &slot);

	if (r < 0)
		return r;
	r = rados_aio_stat(io, object, f->items[slot], &sizes[slot], &times[slot]);
	return window_begun(f, slot, r);
}

int window_end(struct window *f)
{
	int r = 0;

	while (f->n) {
		int landed = land_oldest(f);

		r = r < 0 ? r : landed;
	}
	return r;
}
