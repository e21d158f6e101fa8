/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/change.h"
#include "ceph/close.h"
#include "ceph/monitors.h"
#include "rbd/delete.h"
#include "rbd/guard.h"
#include "rbd/image.h"
#include "rbd/note.h"

#include <errno.h>

#include "base/failpoint.h"
#include "base/value.h"
#include "ceph/cls.h"
#include "rbd/errors.h"

#define SPARSE_BYTES 4096 /* the least that librbd takes */

/* The head of an image, open for writing. */
struct head {
	char *name; /* for words */
	struct ioctx p;
	rbd_image_t image;
};

static int head_open(struct head *h, struct cluster *c, const struct spec *spec, struct err **e)
{
	int r = ioctx_open(c, spec->pool, spec->ns, &h->p, e);

	h->name = spec_format(spec);
	return r < 0 ? r : image_open(&h->p, spec, NULL, IMAGE_WRITE, &h->image, e);
}

static void head_deinit(struct head *h)
{
	if (h->image)
		image_close(h->image);
	ioctx_deinit(&h->p);
	free(h->name);
}
#define _cleanup_head_ cleanup(head_deinit)

static int refuse_shrink(const char *name, uint64_t has_bytes, struct err **e)
{
	_cleanup_free_ char *has = value_format_size(has_bytes);

	err_set(e, ERR_USAGE, -EINVAL, "'%s' is larger already: it has %s", name, has ? has : "?");
	return err_hint(e, "resize can only grow a volume");
}

int change_no_progress(uint64_t done, uint64_t total, void *arg)
{
	(void)done, (void)total, (void)arg;
	return 0;
}

int image_grow(struct cluster *c, const struct spec *spec, uint64_t size_bytes, struct err **e)
{
	_cleanup_head_ struct head h = {0};
	uint64_t has_bytes;
	int r = head_open(&h, c, spec, e);

	if (r < 0)
		return r;
	r = rbd_get_size(h.image, &has_bytes);
	if (!r && has_bytes > size_bytes)
		return refuse_shrink(h.name, has_bytes, e);
	if (!r && has_bytes < size_bytes) {
		FAILPOINT("grow.opened");
		r = rbd_resize2(h.image, size_bytes, false, change_no_progress, NULL);
		FAILPOINT("grow.resized");
	}
	return r < 0 ? image_fail(&h.p, CALL_RESIZE, spec->image, size_bytes, r, e, "resize '%s'",
				  h.name)
		     : 0;
}

int image_snapshot(struct cluster *c, const struct spec *spec, const char *snap, struct err **e)
{
	_cleanup_head_ struct head h = {0};
	int r = head_open(&h, c, spec, e);

	if (r < 0)
		return r;
	r = session_check_room(h.p.session, h.p.pool_id);
	if (!r)
		r = rbd_snap_create(h.image, snap);
	FAILPOINT("snapshot.created");
	if (r == -EEXIST)
		return err_set(e, ERR_EXISTS, r, "'%s' has a snapshot '%s' already", h.name, snap);
	return r < 0 ? image_fail(&h.p, CALL_SNAPSHOT, spec->image, 0, r, e,
				  "take snapshot '%s' of '%s'", snap, h.name)
		     : 0;
}

int change_on_progress(uint64_t done, uint64_t total, void *arg)
{
	const struct telling *t = arg;

	return t->tell(total ? (unsigned)(done * 1000 / total) : 0, t->arg);
}

/* The note is for who goes on after a crash: the flattened image does not know its parent. */
static int note_parent(struct ioctx *p, rbd_image_t image, char id[static 256])
{
	_cleanup_link_ struct link link = {0};
	_cleanup_free_ char *note = NULL;
	int r = rbd_get_id(image, id, 256);

	if (!r)
		r = image_link(image, &link);
	if (r <= 0)
		return r;
	note = parent_snapshot_note(&link);
	r = note ? cls_note(p->io, id, NOTE_FLATTEN, note) : -ENOMEM;
	return r < 0 ? r : 1;
}

static int drop_noted(struct ioctx *p, rbd_image_t image, const char *id,
		      const struct snapshot_guard *guard, char **out)
{
	_cleanup_free_ char *note = image_note(image, NOTE_FLATTEN);

	if (!note)
		return 0;
	*out = parent_snapshot_drop_noted(p->session, note, guard);
	return cls_note_remove(p->io, id, NOTE_FLATTEN);
}

int image_flatten(struct cluster *c, const struct spec *spec, change_progress *tell, void *arg,
		  const struct snapshot_guard *guard, char **out_parent_snapshot, struct err **e)
{
	struct telling telling = {tell, arg};
	_cleanup_head_ struct head h = {0};
	char id[256];
	int r = head_open(&h, c, spec, e);

	*out_parent_snapshot = NULL;
	if (r < 0)
		return r;
	r = note_parent(&h.p, h.image, id);
	FAILPOINT("flatten.noted");
	if (r > 0)
		r = rbd_flatten_with_progress(h.image, change_on_progress, &telling);
	FAILPOINT("flatten.flattened");
	if (!r)
		r = drop_noted(&h.p, h.image, id, guard, out_parent_snapshot);
	return r < 0 ? image_fail(&h.p, CALL_FLATTEN, spec->image, 0, r, e, "flatten '%s'", h.name)
		     : 0;
}

int image_flatten_begun(struct cluster *c, const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *note = NULL;

	return image_note_get(c, spec, NOTE_FLATTEN, &note, e);
}

int image_sparsify(struct cluster *c, const struct spec *spec, change_progress *tell, void *arg,
		   struct err **e)
{
	struct telling telling = {tell, arg};
	_cleanup_head_ struct head h = {0};
	int r = head_open(&h, c, spec, e);

	if (r < 0)
		return r;
	r = rbd_sparsify_with_progress(h.image, SPARSE_BYTES, change_on_progress, &telling);
	return r < 0 ? image_fail(&h.p, CALL_SPARSIFY, spec->image, 0, r, e, "sparsify '%s'",
				  h.name)
		     : 0;
}
