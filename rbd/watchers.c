/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/watchers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ceph/address.h"
#include "ceph/close.h"
#include "ceph/cls.h"
#include "ceph/open.h"
#include "rbd/errors.h"

#define KERNEL_COOKIES UINT64_C(0xffff000000000000) /* libceph's watches begin here */
#define LOOK_AGAIN_US  200000
#define NAMESPACE_ROOM 4096
#define NAMED_MAX      5 /* in a message; of more, the number */

void watchers_deinit(struct watchers *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i].address);
	free(w->items);
	*w = (struct watchers){0};
}

static int copy(const rbd_image_watcher_t *from, size_t n, const struct session *session,
		struct watchers *out)
{
	const uint64_t self = rados_get_instance_id(session->rados);
	_cleanup_watchers_ struct watchers w = {.items = calloc(n ? n : 1, sizeof(*w.items))};

	if (!w.items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		w.items[w.n] = (struct watcher){
			.address = address_plain(from[i].addr),
			.own = (uint64_t)from[i].id == self,
			.ours = session_is_ours(session, (uint64_t)from[i].id),
			.kernel = from[i].cookie >= KERNEL_COOKIES,
		};
		if (!w.items[w.n].address)
			w.items[w.n].address = strdup(from[i].addr);
		if (!w.items[w.n++].address)
			return -ENOMEM;
	}
	*out = w;
	w = (struct watchers){0};
	return 0;
}

int watchers_list(struct ioctx *p, rbd_image_t image, struct watchers *out)
{
	size_t n = 16;

	*out = (struct watchers){0};
	for (;;) {
		_cleanup_free_ rbd_image_watcher_t *w = calloc(n ? n : 1, sizeof(*w));
		int r = w ? rbd_watchers_list(image, w, &n) : -ENOMEM;

		if (r == -ERANGE)
			continue;
		if (r < 0)
			return r;
		r = copy(w, n, p->session, out);
		rbd_watchers_list_cleanup(w, n);
		return r;
	}
}

/* Of the image ID in P: in this process, as long as the connection lasts. NULL: no memory. */
static char *key_of(struct ioctx *p, const char *id)
{
	char ns[NAMESPACE_ROOM], *out;
	int r = rados_ioctx_get_namespace(p->io, ns, sizeof(ns));

	if (r < 0 || str_printf(&out, "%p %lld %.*s %s", (void *)p->session, (long long)p->pool_id,
				r, ns, id) < 0)
		return NULL;
	return out;
}

void watchers_keep(struct ioctx *p, const char *id, rbd_image_t image)
{
	image_lay_by(image, key_of(p, id));
}

/* *id stays NULL for an image of format 1, which has none. */
static int open_any(struct ioctx *p, const struct spec *spec, char **id, rbd_image_t *out)
{
	_cleanup_free_ char *key = NULL;
	int r = cls_image_id(p->io, spec->image, id);

	if (r == -ENOENT)
		return image_open_at(p, spec->image, NULL, IMAGE_READ, out);
	if (r < 0)
		return r;
	key = key_of(p, *id);
	*out = key ? image_take(key) : NULL;
	return *out ? 0 : image_open_at(p, *id, NULL, IMAGE_ID_READ, out);
}

int watchers_get(struct ioctx *p, const struct spec *spec, struct watchers *out, struct err **e)
{
	_cleanup_free_ char *id = NULL;
	rbd_image_t image;
	int r = open_any(p, spec, &id, &image);

	*out = (struct watchers){0};
	if (!r) {
		r = watchers_list(p, image, out);
		image_lay_by(image, id ? key_of(p, id) : NULL);
	}
	return r < 0 ? image_fail_or_missing(p, CALL_WATCHERS, spec, r, e,
					     "ask who has '%s/%s' open", spec->pool, spec->image)
		     : 0;
}

static int refuse_watched(const char *name, const struct strlist *addresses, struct err **e)
{
	_cleanup_free_ char *list = strlist_join(addresses, ", ", NAMED_MAX);

	if (!list)
		return err_oom(e);
	err_set(e, ERR_HELD, -EBUSY, "image '%s' is open for writing at %s", name, list);
	return err_hint(e, "detach it there; the watch of a host that died ends after 30 s");
}

int watchers_refuse(struct ioctx *p, rbd_image_t image, const char *name, struct deadline patience,
		    struct err **e)
{
	for (;;) {
		_cleanup_strlist_ struct strlist others = {0};
		_cleanup_watchers_ struct watchers w = {0};
		bool kernel = false;
		int r = watchers_list(p, image, &w);

		for (size_t i = 0; r >= 0 && i < w.n; i++) {
			if (w.items[i].own)
				continue;
			kernel |= w.items[i].kernel;
			r = strlist_add(&others, "%s", w.items[i].address);
		}
		if (r < 0)
			return image_fail(p, CALL_WATCHERS, NULL, 0, r, e, "ask who has '%s' open",
					  name);
		if (!others.n)
			return 0;
		if (kernel || deadline_passed(patience))
			return refuse_watched(name, &others, e);
		usleep(LOOK_AGAIN_US);
	}
}

int watchers_refuse_id(struct ioctx *p, const char *id, const char *name, struct err **e)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(p, id, NULL, IMAGE_ID_READ, &image);

	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return image_fail(p, CALL_OPEN, NULL, 0, r, e, "open image '%s'", name);
	return watchers_refuse(p, image, name, deadline_in(WATCHERS_PATIENCE_US), e);
}
