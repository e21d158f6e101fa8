/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/leftover.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "rbd/classes.h"
#include "rbd/hold.h"
#include "rbd/image-internal.h"
#include "rbd/snapshot.h"

void leftovers_deinit(struct leftovers *l)
{
	strlist_deinit(&l->clones);
	strlist_deinit(&l->snapshots);
	strlist_deinit(&l->holds);
}

/* "pool/[ns/]image[@snap]" taken apart: no parser for people's words, which refuses hidden names.
 */
static int take_apart(const char *text, struct spec *out, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *ns, *image, *snap;

	*out = (struct spec){0};
	if (!copy)
		return err_oom(e);
	ns = strchr(copy, '/');
	image = strrchr(copy, '/');
	if (!ns)
		return err_set(e, ERR_FAILED, -EINVAL, "'%s' is no image with its pool", text);
	snap = strchr(image, '@');
	if (snap)
		*snap++ = '\0';
	*ns++ = '\0';
	*image++ = '\0';
	return spec_init(out, copy, ns == image ? "" : ns, image, snap) < 0 ? err_oom(e) : 0;
}

static bool is_unfinished(const char *image, const char *owner)
{
	const char *end = strrchr(image, '.');

	if (strncmp(image, SPEC_HIDDEN_PREFIX, strlen(SPEC_HIDDEN_PREFIX)) || !end++)
		return false;
	return !strncmp(end, owner, strlen(owner)) &&
	       (!end[strlen(owner)] || name_is_outgoing(image));
}

/* Whether the snapshot that IMAGE is open at has no child, or one that is left over itself. */
static bool is_unneeded(rbd_image_t image, const char *owner)
{
	rbd_linked_image_spec_t child;
	size_t n = 1;
	bool unneeded;

	if (rbd_list_children3(image, &child, &n) < 0)
		return false;
	unneeded = !n || is_unfinished(child.image_name, owner);
	if (n)
		rbd_linked_image_spec_list_cleanup(&child, n);
	return unneeded;
}

/* Add those of OPEN's snapshots that are ours and have no child. */
static int find_snapshots(struct place *p, const char *image, const char *owner, rbd_image_t open,
			  struct strlist *out)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	int r = snapshots_list(open, &snaps);

	for (int i = 0; !r && i < snaps.n; i++) {
		const char *name = snaps.items[i].name;
		_cleanup_image_ rbd_image_t at = NULL;

		if (strncmp(name, SNAPSHOT_PREFIX, strlen(SNAPSHOT_PREFIX)) ||
		    !snapshot_is_user(open, snaps.items[i].id))
			continue;
		if (rbd_open_read_only(p->io, image, &at, name) < 0)
			at = NULL; /* it went away */
		else if (is_unneeded(at, owner))
			r = strlist_add(out, "%s", name);
	}
	return r;
}

static int find_of_image(struct cluster *c, const char *text, const char *owner,
			 struct leftovers *out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_strlist_ struct strlist names = {0};
	_cleanup_place_ struct place p = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_hold_ struct hold hold = {0};
	_cleanup_err_ struct err *ignored = NULL;
	int r = take_apart(text, &spec, e);

	if (!r)
		r = place_open(c, spec.pool, spec.ns, &p, e);
	if (r < 0)
		return r;
	r = rbd_open_read_only(p.io, spec.image, &image, NULL);
	if (r < 0)
		image = NULL;
	if (!r)
		r = find_snapshots(&p, spec.image, owner, image, &names);
	if (r == -ENOENT)
		return 0; /* deleted meanwhile */
	if (r < 0)
		return session_fail(p.session, r, e, "look at the snapshots of '%s'", text);
	for (size_t i = 0; i < names.n; i++)
		if (strlist_add(&out->snapshots, "%s@%s", text, names.items[i]) < 0)
			return err_oom(e);
	if (hold_get(c, &spec, owner, &hold, &ignored) > 0 && !strcmp(hold.host, owner) &&
	    strlist_add(&out->holds, "%s", text) < 0)
		return err_oom(e);
	return 0;
}

static int find_clones(struct cluster *c, const char *pool, const char *owner, struct strlist *out,
		       struct err **e)
{
	_cleanup_strlist_ struct strlist hidden = {0};
	int r = image_list_hidden(c, pool, &hidden, e);

	for (size_t i = 0; !r && i < hidden.n; i++) {
		if (is_unfinished(strrchr(hidden.items[i], '/') + 1, owner) &&
		    strlist_add(out, "%s", hidden.items[i]) < 0)
			r = err_oom(e);
	}
	return r;
}

int leftovers_find(struct cluster *c, const char *pool, const char *image, const char *owner,
		   struct leftovers *out, struct err **e)
{
	_cleanup_strlist_ struct strlist names = {0};
	int r;

	if (image)
		return find_of_image(c, image, owner, out, e);
	r = find_clones(c, pool, owner, &out->clones, e);
	if (!r)
		r = image_list(c, pool, &names, e);
	for (size_t i = 0; !r && i < names.n; i++)
		r = find_of_image(c, names.items[i], owner, out, e);
	return r;
}

/* A hidden name may be all that is left over: the image is there under its own name, but that was
 * cut short. 1: so it was, and is completed; 0: it was not. */
static int complete_publishing(struct place *p, const char *hidden)
{
	_cleanup_free_ char *name = name_meant(hidden), *id = NULL, *hidden_id = NULL;
	int r;

	if (!name || class_image_id(p->io, name, &id) < 0 ||
	    class_image_id(p->io, hidden, &hidden_id) < 0 || strcmp(id, hidden_id) != 0)
		return 0;
	r = name_complete(p->io, name, id);
	return r < 0 ? r : 1;
}

static int remove_hidden(struct place *p, const char *hidden, struct deadline deadline,
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

int leftover_remove_clone(struct cluster *c, const char *text, struct deadline deadline,
			  struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_place_ struct place p = {0};
	int r = take_apart(text, &spec, e);

	if (!r)
		r = place_open(c, spec.pool, spec.ns, &p, e);
	if (!r)
		r = remove_hidden(&p, spec.image, deadline, e);
	if (r == -EBUSY) { /* a clone that is under way */
		err_free(steal(e));
		return 0;
	}
	return r < 0 ? r : 1;
}

/* Remove the snapshot if it still has no child; the cluster itself refuses to lose the data of a
 * clone that was made this moment. */
static int remove_snapshot(struct place *p, const struct spec *spec)
{
	_cleanup_image_ rbd_image_t at = NULL, image = NULL;
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

int leftover_remove_snapshot(struct cluster *c, const char *text, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_place_ struct place p = {0};
	int r = take_apart(text, &spec, e);

	if (!r)
		r = place_open(c, spec.pool, spec.ns, &p, e);
	if (r < 0)
		return r;
	r = remove_snapshot(&p, &spec);
	if (r == -EBUSY || r == -ENOENT)
		return 0;
	return r < 0 ? session_fail(p.session, r, e, "remove snapshot '%s'", text) : 1;
}
