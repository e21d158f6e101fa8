/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/removal.h"

#include <errno.h>
#include <string.h>

#include "rbd/classes.h"
#include "rbd/image-internal.h"
#include "rbd/watchers.h"

#define TRASH	   "rbd_trash"
#define KEYS_MAX   1024 /* of one round trip */
#define KEY_PREFIX "id_"

DEFINE_CLEANUP(rados_omap_iter_t, rados_omap_get_end)
DEFINE_CLEANUP(rados_read_op_t, rados_release_read_op)

struct removal {
	char *id, *image;
};
struct removals {
	struct removal *items;
	size_t n;
};

static void removals_deinit(struct removals *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].id);
		free(l->items[i].image);
	}
	free(l->items);
	*l = (struct removals){0};
}
#define _cleanup_removals_ cleanup(removals_deinit)

static int add(struct removals *l, const char *id, const char *image)
{
	struct removal *items = reallocarray(l->items, l->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	l->items = items;
	items[l->n++] = (struct removal){strdup(id), strdup(image)};
	return items[l->n - 1].id && items[l->n - 1].image ? 0 : -ENOMEM;
}

/* Add image ID, which is in the trash, if that is for a removal of IMAGE (NULL: of any). */
static int add_removal(struct place *p, const char *id, const char *image, struct removals *out)
{
	rbd_trash_image_info_t info;
	int r = rbd_trash_get(p->io, id, &info);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (info.source == RBD_TRASH_IMAGE_SOURCE_REMOVING && (!image || !strcmp(info.name, image)))
		r = add(out, id, info.name);
	rbd_trash_get_cleanup(&info);
	return r;
}

/* Of each key of the trash: "id_" and the image's id. LAST: the last one, the caller's to free. */
static int add_each(struct place *p, rados_omap_iter_t keys, const char *image,
		    struct removals *out, char **last)
{
	size_t prefix = strlen(KEY_PREFIX), key_len, len;
	char *key, *value;
	int r = 0;

	while (!r && !(r = rados_omap_get_next2(keys, &key, &value, &key_len, &len)) && key) {
		free(*last);
		*last = strndup(key, key_len);
		if (!*last)
			return -ENOMEM;
		if (!strncmp(*last, KEY_PREFIX, prefix))
			r = add_removal(p, *last + prefix, image, out);
	}
	return r;
}

/* The removals in the trash, which rbd_trash_list leaves out. */
static int find(struct place *p, const char *image, struct removals *out)
{
	_cleanup_free_ char *last = strdup("");
	unsigned char more = 1;
	int r = last ? 0 : -ENOMEM;

	while (!r && more) {
		cleanup(rados_omap_get_end_p) rados_omap_iter_t keys = NULL;
		cleanup(rados_release_read_op_p) rados_read_op_t op = rados_create_read_op();
		int result = 0;

		rados_read_op_omap_get_keys2(op, last, KEYS_MAX, &keys, &more, &result);
		r = rados_read_op_operate(op, p->io, TRASH, 0);
		if (r == -ENOENT)
			return 0;
		if (!r)
			r = result < 0 ? result : add_each(p, keys, image, out, &last);
	}
	return r;
}

/* 1: somebody is at the image ID, or was a moment ago; 0: nobody, or it has no header any more. */
static int is_watched(struct place *p, const char *id)
{
	_cleanup_watchers_ struct watchers watchers = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r = rbd_open_by_id_read_only(p->io, id, &image, NULL);

	if (r < 0) {
		image = NULL;
		return r == -ENOENT ? 0 : r;
	}
	r = watchers_list(p, image, &watchers);
	return r < 0 ? r : watchers.n > 0;
}

int removals_list(struct place *p, struct strlist *names)
{
	_cleanup_removals_ struct removals all = {0};
	int r = find(p, NULL, &all);

	for (size_t i = 0; !r && i < all.n; i++) {
		if (strlist_has(names, all.items[i].image))
			continue;
		r = is_watched(p, all.items[i].id);
		if (!r)
			r = strlist_add(names, "%s", all.items[i].image);
		else if (r > 0)
			r = 0;
	}
	return r;
}

static int refuse_watched(struct place *p, const char *id, const char *name, struct err **e)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = rbd_open_by_id_read_only(p->io, id, &image, NULL);

	if (r < 0) {
		image = NULL;
		return r == -ENOENT ? 0 : session_fail(p->session, r, e, "open image '%s'", name);
	}
	return watchers_refuse(p, image, name, deadline_in(WATCHERS_PATIENCE_US), e);
}

/* One that was cut as it went to the trash is taken up by its name alone, which must be nobody
 * else's then. */
static int remove_again(struct place *p, const char *image, const char *id)
{
	_cleanup_free_ char *listed = NULL;
	int r = rbd_trash_remove(p->io, id, true);

	if (r == -EBUSY && class_directory_id(p->io, image, &listed) == -ENOENT)
		r = rbd_remove(p->io, image);
	return r == -ENOENT ? 0 : r;
}

int removals_finish(struct place *p, const char *image, const char *name, struct err **e)
{
	_cleanup_removals_ struct removals all = {0};
	int r = find(p, image, &all);

	for (size_t i = 0; !r && i < all.n; i++) {
		r = refuse_watched(p, all.items[i].id, name, e);
		if (r < 0)
			return r;
		r = remove_again(p, image, all.items[i].id);
	}
	return r < 0 ? session_fail(p->session, r, e, "remove what is left of '%s'", name)
		     : (int)all.n;
}
