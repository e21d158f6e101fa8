/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/close.h"
#include "ceph/cls.h"
#include "ceph/open.h"
#include "rbd/delete.h"
#include "rbd/errors.h"
#include "rbd/guard.h"
#include "rbd/hidden.h"
#include "rbd/leftover-remove.h"
#include "rbd/leftover.h"
#include "rbd/name.h"
#include "rbd/removal.h"
#include "rbd/snapshot-name.h"

/* 1: HIDDEN was all that was left of a name, and the publishing is completed; 0: it was not. */
static int complete_publishing(struct ioctx *p, const char *hidden)
{
	_cleanup_free_ char *name = name_meant(hidden), *id = NULL;
	int r = cls_image_id(p->io, hidden, &id);

	if (!r)
		r = hidden_is_published(p, hidden, id);
	if (r > 0)
		r = name_complete(p->io, name, id);
	else
		return r == -ENOENT ? 0 : r;
	return r < 0 ? r : 1;
}

static int remove_hidden(struct ioctx *p, const char *hidden, struct deadline deadline,
			 struct err **e)
{
	int r = complete_publishing(p, hidden);

	if (r < 0)
		return image_fail(p, CALL_CLONE, hidden, 0, r, e, "complete '%s'", hidden);
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
	/* A clone that is under way, of this daemon even; or it was written to meanwhile. */
	if (r == -EBUSY || r == -EALREADY || r == -EUCLEAN) {
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
	int kept = 0, r = image_open_at(p, spec->image, spec->snap, IMAGE_READ, &at);

	if (r < 0)
		return r;
	if (snapshot_children(at))
		return -EBUSY;
	r = image_open_at(p, spec->image, NULL, IMAGE_WRITE, &image);
	if (r < 0)
		return r;
	r = rbd_snap_is_protected(image, spec->snap, &kept);
	if (!r && kept)
		r = rbd_snap_unprotect(image, spec->snap);
	FAILPOINT("prune.unprotected");
	return r ? r : rbd_snap_remove(image, spec->snap);
}

/* By its name and its id: another snapshot may have the name already. */
static int remove_if_unused(struct ioctx *p, const struct spec *spec,
			    const struct snapshot_guard *guard)
{
	struct snapshot_ref ref = {.spec = *spec, .pool_id = p->pool_id};
	_cleanup_image_ rbd_image_t image = NULL;
	char id[256];
	int r = image_open_at(p, spec->image, NULL, IMAGE_READ, &image);

	if (r < 0)
		return r;
	r = rbd_get_id(image, id, sizeof(id));
	if (!r)
		r = rbd_snap_get_id(image, spec->snap, &ref.snap_id);
	if (!r && !snapshot_name_is_ours(spec->snap, id))
		r = -EBUSY;
	ref.image_id = id;
	if (!r && guard && !guard->enter(guard->arg, &ref))
		r = -EBUSY;
	if (r < 0)
		return r;
	r = remove_snapshot(p, spec);
	if (guard)
		guard->leave(guard->arg);
	return r;
}

int leftover_remove_snapshot(struct cluster *c, const char *name,
			     const struct snapshot_guard *guard, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (r < 0)
		return r;
	r = remove_if_unused(&p, &spec, guard);
	if (r == -EBUSY || r == -ENOENT)
		return 0;
	return r < 0 ? image_fail(&p, CALL_SNAP_REMOVE, NULL, 0, r, e, "remove snapshot '%s'", name)
		     : 1;
}

int leftover_remove_foreign(struct cluster *c, const char *name, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (r < 0)
		return r;
	r = complete_publishing(&p, spec.image);
	if (!r)
		r = hidden_remove(&p, spec.image);
	if (r == -EBUSY || r == -EUCLEAN)
		return 0;
	return r < 0 ? image_fail(&p, CALL_REMOVE, NULL, 0, r, e, "remove '%s'", name) : 1;
}

int leftover_remove_remains(struct cluster *c, const char *name, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *id = NULL;
	const struct check always = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (r < 0)
		return r;
	r = find_remains(&p, spec.image, &always, &id);
	if (r >= 0 && r != REMAINS)
		return 0;
	if (r == REMAINS)
		r = image_remove(&p, spec.image, id, NULL);
	if (r == -EBUSY || r == -ESTALE)
		return 0;
	return r < 0 ? image_fail(&p, CALL_REMOVE, NULL, 0, r, e, "remove what is left of '%s'",
				  name)
		     : 1;
}

int leftover_finish_deletion(struct cluster *c, const char *name, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	if (!r)
		r = removals_finish(&p, spec.image, name, NULL, e);
	if (r == -EBUSY) {
		err_free(steal(e));
		return 0;
	}
	return r < 0 ? r : r > 0;
}
