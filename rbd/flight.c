/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/flight.h"

static int land_oldest(struct flight *f)
{
	size_t slot = f->first;
	rados_completion_t c = f->items[slot];
	int r;

	rados_aio_wait_for_complete(c);
	r = rados_aio_get_return_value(c);
	rados_aio_release(c);
	f->first = (f->first + 1) % FLIGHT_MAX;
	f->n--;
	return f->landed ? f->landed(f, slot, r) : r;
}

int flight_next(struct flight *f, size_t *slot)
{
	int r = f->n == FLIGHT_MAX ? land_oldest(f) : 0;

	*slot = (f->first + f->n) % FLIGHT_MAX;
	return r < 0 ? r : rados_aio_create_completion2(NULL, NULL, &f->items[*slot]);
}

int flight_begun(struct flight *f, size_t slot, int r)
{
	if (r < 0)
		rados_aio_release(f->items[slot]);
	else
		f->n++;
	return r;
}

int flight_end(struct flight *f)
{
	int r = 0;

	while (f->n) {
		int landed = land_oldest(f);

		r = r < 0 ? r : landed;
	}
	return r;
}
