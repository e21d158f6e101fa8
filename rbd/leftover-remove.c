/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/cls.h"
#include "rbd/leftover-internal.h"
#include "rbd/removal.h"

/* A hidden name may be all that is left over: the image is there under its own name, but that was
 * cut short. 1: so it was, and is completed; 0: it was not. */
static int complete_publishing(struct ioctx *p, const char *hidden)
{
	_cleanup_free_ char *name = name_meant(hidden), *id = NULL, *hidden_id = NULL;
	int r;

	if (!name || cls_image_id(p->io, name, &id) < 0 ||
	    cls_image_id(p->io, hidden, &hidden_id) < 0 || strcmp(id, hidden_id) != 0)
		return 0;
	r = name_complete(p->io, name, id);
	return r < 0 ? r : 1;
}

static int remove_hidden(struct ioctx *p, const char *hidden, struct deadline deadline,
			 struct err **e)
{
	int r = complete_publishing(p, hidden);

	if (r < 0)
		return session_fail(p->session, r, e, "complete '%s'", hidden);
	if (r > 0)
		return 0;
	return name_is_outgoing(hidden) ? outgoing_discard(p, hidden, deadline, e)
					: name_discard(p, hidden, deadline, e);
}

int leftover_remove_clone(struct cluster *c, const char *name, struct deadline deadline,
			  struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (!r)
		r = remove_hidden(&p, spec.image, deadline, e);
	if (r == -EBUSY || r == -EALREADY) { /* a clone that is under way, of this daemon even */
		err_free(steal(e));
		return 0;
	}
	return r < 0 ? r : 1;
}

/* Remove the snapshot if it still has no child; the cluster itself refuses to lose the data of a
 * clone that was made this moment. */
static int remove_snapshot(struct ioctx *p, const struct spec *spec)
{
	_cleanup_writable_image_ rbd_image_t image = NULL;
	_cleanup_image_ rbd_image_t at = NULL;
	int protected = 0, r = rbd_open_read_only(p->io, spec->image, &at, spec->snap);

	if (r < 0) {
		at = NULL;
		return r;
	}
	if (snapshot_children(at))
		return -EBUSY;
	r = rbd_open(p->io, spec->image, &image, NULL);
	if (r < 0) {
		image = NULL;
		return r;
	}
	r = rbd_snap_is_protected(image, spec->snap, &protected);
	if (!r && protected)
		r = rbd_snap_unprotect(image, spec->snap);
	FAILPOINT("prune.unprotected");
	return r ? r : rbd_snap_remove(image, spec->snap);
}

int leftover_remove_snapshot(struct cluster *c, const char *name, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (r < 0)
		return r;
	r = remove_snapshot(&p, &spec);
	if (r == -EBUSY || r == -ENOENT)
		return 0;
	return r < 0 ? session_fail(p.session, r, e, "remove snapshot '%s'", name) : 1;
}

int leftover_remove_stranger(struct cluster *c, const char *name, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (r < 0)
		return r;
	r = complete_publishing(&p, spec.image);
	if (!r) {
		r = rbd_remove(p.io, spec.image);
		if (r == -EBUSY || r == -ENOENT)
			return 0;
	}
	return r < 0 ? session_fail(p.session, r, e, "remove '%s'", name) : 1;
}

int leftover_remove_remains(struct cluster *c, const char *name, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (r < 0)
		return r;
	r = is_remains(&p, spec.image);
	if (r > 0) {
		r = rbd_remove(p.io, spec.image);
		r = r == -EBUSY || r == -ENOENT ? 0 : r < 0 ? r : 1;
	}
	return r < 0 ? session_fail(p.session, r, e, "remove what is left of '%s'", name) : r;
}

int leftover_finish_deletion(struct cluster *c, const char *name, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (!r)
		r = removals_finish(&p, spec.image, name, e);
	if (r == -EBUSY) {
		err_free(steal(e));
		return 0;
	}
	return r < 0 ? r : r > 0;
}
