/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/removal.h"

#include <errno.h>
#include <string.h>

#include "ceph/cls.h"
#include "rbd/image-internal.h"
#include "rbd/watchers.h"

/* What cls_removals says, where one that was never a trash is an empty one. */
static int find(struct ioctx *p, struct strlist *ids, struct strlist *names)
{
	int r = cls_removals(p->io, ids, names);

	return r == -ENOENT ? 0 : r;
}

/* 1: somebody is at the image ID, or was a moment ago; 0: nobody, or it has no header any more. */
static int is_watched(struct ioctx *p, const char *id)
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

int removals_list(struct ioctx *p, struct strlist *names)
{
	_cleanup_strlist_ struct strlist ids = {0}, all = {0};
	int r = find(p, &ids, &all);

	for (size_t i = 0; !r && i < all.n; i++) {
		if (strlist_has(names, all.items[i]))
			continue;
		r = is_watched(p, ids.items[i]);
		if (!r)
			r = strlist_add(names, "%s", all.items[i]);
		else if (r > 0)
			r = 0;
	}
	return r;
}

static int refuse_watched(struct ioctx *p, const char *id, const char *name, struct err **e)
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
static int remove_again(struct ioctx *p, const char *image, const char *id)
{
	_cleanup_free_ char *listed = NULL;
	int r = rbd_trash_remove(p->io, id, true);

	if (r == -EBUSY && cls_directory_id(p->io, image, &listed) == -ENOENT)
		r = rbd_remove(p->io, image);
	return r == -ENOENT ? 0 : r;
}

int removals_finish(struct ioctx *p, const char *image, const char *name, struct err **e)
{
	_cleanup_strlist_ struct strlist ids = {0}, names = {0};
	int n = 0, r = find(p, &ids, &names);

	for (size_t i = 0; !r && i < names.n; i++) {
		if (strcmp(names.items[i], image))
			continue;
		r = refuse_watched(p, ids.items[i], name, e);
		if (r < 0)
			return r;
		r = remove_again(p, image, ids.items[i]);
		n++;
	}
	return r < 0 ? session_fail(p->session, r, e, "remove what is left of '%s'", name) : n;
}
