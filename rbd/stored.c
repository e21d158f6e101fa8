/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/stored.h"

#include <errno.h>
#include <stdio.h>

#define IN_FLIGHT 64

struct question {
	rados_completion_t completion;
	uint64_t size;
	time_t when;
};

struct stored {
	struct place data; /* where the objects are */
	rbd_image_info_t info;
	struct question items[IN_FLIGHT];
	size_t first, n;
	uint64_t bytes;
};

int stored_begin(struct place *p, rbd_image_t image, struct stored **out)
{
	struct stored *s = calloc(1, sizeof(*s));
	char ns[256] = "";
	uint64_t count;
	int r = s ? rbd_get_stripe_count(image, &count) : -ENOMEM;

	*out = NULL;
	if (!r)
		r = rbd_stat(image, &s->info, sizeof(s->info));
	if (!r)
		r = rados_ioctx_get_namespace(p->io, ns, sizeof(ns));
	if (r >= 0 && count == 1)
		r = place_open_id(p->session, rbd_get_data_pool_id(image), ns, &s->data);
	if (r < 0 || count != 1) {
		free(s);
		return r;
	}
	*out = s;
	return 0;
}

/* Wait for the oldest answer. An object that has gone meanwhile holds nothing. */
static int hear(struct stored *s)
{
	struct question *q = &s->items[s->first];
	int r;

	rados_aio_wait_for_complete(q->completion);
	r = rados_aio_get_return_value(q->completion);
	rados_aio_release(q->completion);
	s->first = (s->first + 1) % IN_FLIGHT;
	s->n--;
	if (!r)
		s->bytes += q->size;
	return r == -ENOENT ? 0 : r;
}

static int ask(struct stored *s, uint64_t object)
{
	struct question *q = &s->items[(s->first + s->n) % IN_FLIGHT];
	char name[RBD_MAX_BLOCK_NAME_SIZE + 20];
	int r = rados_aio_create_completion2(NULL, NULL, &q->completion);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s.%016llx", s->info.block_name_prefix,
		 (unsigned long long)object);
	r = rados_aio_stat(s->data.io, name, q->completion, &q->size, &q->when);
	if (r < 0) {
		rados_aio_release(q->completion);
		return r;
	}
	s->n++;
	return 0;
}

int stored_add(struct stored *s, uint64_t start, uint64_t end)
{
	int r = 0;

	for (uint64_t i = start / s->info.obj_size; !r && i * s->info.obj_size < end; i++) {
		if (s->n == IN_FLIGHT)
			r = hear(s);
		if (!r)
			r = ask(s, i);
	}
	return r;
}

int stored_end(struct stored *s, uint64_t *out_bytes)
{
	int r = 0;

	while (s->n) {
		int heard = hear(s);

		r = r < 0 ? r : heard;
	}
	*out_bytes = s->bytes;
	place_deinit(&s->data);
	free(s);
	return r;
}
