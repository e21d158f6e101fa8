/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/stored.h"
#include "rbd/image.h"

#include <errno.h>

#include "ceph/window.h"

#define CHECKED 1024 /* objects between two checks */

struct stored {
	struct window window; /* the first field: it leads back here */
	struct ioctx data;    /* where the objects are */
	rbd_image_info_t info;
	uint64_t sizes[WINDOW_MAX];
	time_t when[WINDOW_MAX];
	uint64_t bytes;
};

/* An object that has gone meanwhile holds nothing. */
static int on_stat(struct window *f, size_t slot, int result)
{
	struct stored *s = (struct stored *)f;

	if (!result)
		s->bytes += s->sizes[slot];
	return result == -ENOENT ? 0 : result;
}

int stored_begin(struct ioctx *p, rbd_image_t image, struct stored **out)
{
	struct stored *s = calloc(1, sizeof(*s));
	uint64_t count;
	int r = s ? rbd_get_stripe_count(image, &count) : -ENOMEM;

	*out = NULL;
	if (s)
		s->window.landed = on_stat;
	if (!r)
		r = rbd_stat(image, &s->info, sizeof(s->info));
	if (!r && count == 1)
		r = ioctx_open_data(p, image, &s->data);
	if (r < 0 || count != 1) {
		free(s);
		return r;
	}
	*out = s;
	return 0;
}

static int stored_ask(struct stored *s, uint64_t object)
{
	char name[OBJECT_NAME_SIZE];

	object_name(&s->info, object, name);
	return window_stat(&s->window, s->data.io, name, s->sizes, s->when);
}

int stored_add(struct stored *s, uint64_t start, uint64_t end, const struct check *go_on)
{
	uint64_t first = start / s->info.obj_size;
	int r = 0;

	for (uint64_t i = first; !r && i * s->info.obj_size < end; i++) {
		if (i % CHECKED == 0)
			r = check_now(go_on);
		if (!r)
			r = stored_ask(s, i);
	}
	return r;
}

int stored_end(struct stored *s, uint64_t *out_bytes)
{
	int r = window_end(&s->window);

	*out_bytes = s->bytes;
	ioctx_deinit(&s->data);
	free(s);
	return r;
}
