/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "ceph/close.h"
#include "ceph/cls.h"
#include "rbd/errors.h"
#include "rbd/guard.h"
#include "rbd/hidden.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"
#include "rbd/image.h"
#include "rbd/leftover.h"
#include "rbd/list.h"
#include "rbd/name.h"
#include "rbd/note.h"
#include "rbd/snapshot-name.h"
#include "rbd/watchers.h"

/* A creation whose next request is on its way may be so old: longer than any cluster's time-out
 * that is usual. */
#define CREATION_S 60

void leftovers_deinit(struct leftovers *l)
{
	strlist_deinit(&l->clones);
	strlist_deinit(&l->foreign);
	strlist_deinit(&l->unproved);
	strlist_deinit(&l->snapshots);
	strlist_deinit(&l->old_snapshots);
	strlist_deinit(&l->remains);
	strlist_deinit(&l->deletions);
	strlist_deinit(&l->wipes);
	strlist_deinit(&l->holds);
	strlist_deinit(&l->hold_clients);
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
		return err_set(e, ERR_FAILED, -EINVAL, "'%s' is not an image with its pool", text);
	snap = strchr(image, '@');
	if (snap)
		*snap++ = '\0';
	*ns++ = '\0';
	*image++ = '\0';
	return spec_init(out, copy, ns == image ? "" : ns, image, snap) < 0 ? err_oom(e) : 0;
}

int leftover_open(struct cluster *c, const char *name, struct spec *spec, struct ioctx *p,
		  struct err **e)
{
	int r = take_apart(name, spec, e);

	return r < 0 ? r : ioctx_open(c, spec->pool, spec->ns, p, e);
}

int leftover_volume(const char *name, struct spec *out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_free_ char *meant = NULL;
	int r = take_apart(name, &spec, e);

	if (r < 0)
		return r;
	meant = name_meant(spec.image);
	return spec_init(out, spec.pool, spec.ns, meant ? meant : spec.image, NULL) < 0 ? err_oom(e)
											: 0;
}

const char *leftover_owner(const char *name, int *len)
{
	const char *owner = strrchr(name, '.');

	owner = owner ? owner + 1 : name;
	*len = (int)strcspn(owner, "-");
	return owner;
}

static bool is_of_owner(const char *image, const char *owner)
{
	int len;
	const char *its = leftover_owner(image, &len);

	return (size_t)len == strlen(owner) && !strncmp(its, owner, strlen(owner)) &&
	       (!its[len] || name_is_outgoing(image));
}

static bool is_busy(const struct leftover_query *q, const char *name)
{
	_cleanup_spec_ struct spec volume = {0};
	_cleanup_err_ struct err *e = NULL;

	return q->busy && (leftover_volume(name, &volume, &e) < 0 || q->busy(&volume, q->arg));
}

/* The caller frees it; NULL: out of memory. */
static char *name_of(const rbd_linked_image_spec_t *image)
{
	const struct spec spec = {image->pool_name, image->pool_namespace, image->image_name, NULL};

	return spec_format(&spec);
}

/* A child of one of our snapshots that is left over itself. */
static bool is_unfinished(const struct leftover_query *q, const rbd_linked_image_spec_t *child)
{
	_cleanup_free_ char *name = NULL;

	if (!hidden_name_is_ours(child->image_name) ||
	    !is_of_owner(child->image_name, q->mine->host))
		return false;
	name = name_of(child);
	return name && !is_busy(q, name);
}

/* A child whose deletion was interrupted: all those were found before, by their names; no directory
 * lists it any more (librbd says of none that it is in the trash). */
static bool is_half_deleted(struct ioctx *p, const struct strlist *deletions,
			    const rbd_linked_image_spec_t *child)
{
	_cleanup_free_ char *name = name_of(child), *listed = NULL;
	_cleanup_ioctx_ struct ioctx at = {0};

	return name && strlist_has(deletions, name) &&
	       !ioctx_open_id(p->session, child->pool_id, child->pool_namespace, &at) &&
	       cls_directory_name(at.io, child->image_id, &listed) == -ENOENT;
}

/* Whether something that the cluster does not know of needs the snapshot. */
static bool is_kept(struct ioctx *p, const struct spec *spec, const char *id,
		    const rbd_snap_info_t *snap, const struct snapshot_guard *guard)
{
	const struct snapshot_ref ref = {
		.spec = {spec->pool, spec->ns, spec->image, (char *)snap->name},
		.pool_id = p->pool_id,
		.image_id = id,
		.snap_id = snap->id,
	};

	if (!guard)
		return false;
	if (!guard->enter(guard->arg, &ref))
		return true;
	guard->leave(guard->arg);
	return false;
}

/* Whether the snapshot that IMAGE is open at has no child, or one that is left over itself. */
static bool is_unneeded(struct ioctx *p, rbd_image_t image, const struct leftover_query *q,
			const struct strlist *deletions)
{
	rbd_linked_image_spec_t child;
	size_t n = 1;
	bool unneeded;

	if (rbd_list_children3(image, &child, &n) < 0)
		return false;
	unneeded = !n || is_unfinished(q, &child) || is_half_deleted(p, deletions, &child);
	if (n)
		rbd_linked_image_spec_list_cleanup(&child, n);
	return unneeded;
}

/* Add those of OPEN's snapshots that are ours, or may be of an older rbdvol, and have no child. */
static int find_snapshots(struct ioctx *p, const struct spec *spec, const char *name,
			  const struct leftover_query *q, rbd_image_t open, struct leftovers *out)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	char id[256] = ""; /* stays so for an image of format 1 */
	int r = snapshots_list(open, &snaps);

	rbd_get_id(open, id, sizeof(id));

	for (int i = 0; !r && i < snaps.n; i++) {
		const char *snap = snaps.items[i].name;
		bool ours = snapshot_name_is_ours(snap, id);
		_cleanup_image_ rbd_image_t at = NULL;

		if ((!ours && !snapshot_name_may_be_old(snap)) ||
		    !snapshot_is_user(open, snaps.items[i].id))
			continue;
		if (image_open_at(p, spec->image, snap, IMAGE_READ, &at) < 0)
			continue; /* it went away */
		if (is_unneeded(p, at, q, &out->deletions) &&
		    !is_kept(p, spec, id, &snaps.items[i], q->guard))
			r = strlist_add(ours ? &out->snapshots : &out->old_snapshots, "%s@%s", name,
					snap);
	}
	return r;
}

/* A name without a name object may be as young as the last change to the directory. */
static int since(struct ioctx *p, const char *image, time_t *out)
{
	_cleanup_free_ char *object = NULL;
	uint64_t size;
	int r;

	if (str_printf(&object, "rbd_id.%s", image) < 0)
		return -ENOMEM;
	r = rados_stat(p->io, object, &size, out);
	return r == -ENOENT ? rados_stat(p->io, "rbd_directory", &size, out) : r;
}

int leftover_since(struct cluster *c, const char *name, time_t *out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = leftover_open(c, name, &spec, &p, e);

	*out = 0;
	if (r < 0)
		return r;
	r = since(&p, spec.image, out);
	return r < 0 && r != -ENOENT
		       ? image_fail(&p, CALL_LOOK, NULL, 0, r, e, "look at '%s'", name)
		       : 0;
}

/* Objects with the data of the image ID, in P's namespace of this pool; *out: whether any. The data
 * may be in another pool, and its name then has this pool's number in it. */
static int find_data(struct ioctx *p, const char *id, int64_t image_pool, const struct check *go_on,
		     bool *out)
{
	_cleanup_free_ char *own = NULL, *other = NULL;
	rados_list_ctx_t list;
	const char *name;
	int r = str_printf(&own, "rbd_data.%s.", id) < 0 ||
				str_printf(&other, "rbd_data.%lld.%s.", (long long)image_pool, id) <
					0
			? -ENOMEM
			: rados_nobjects_list_open(p->io, &list);

	if (r < 0)
		return r;
	while (!r && !*out) {
		r = check_now(go_on);
		if (!r)
			r = rados_nobjects_list_next(list, &name, NULL, NULL);
		*out = !r &&
		       (!strncmp(name, own, strlen(own)) || !strncmp(name, other, strlen(other)));
	}
	rados_nobjects_list_close(list);
	return r == -ENOENT ? 0 : r; /* the end of the list */
}

/* 1: some pool has data of the image ID, whose header, which would say where, is gone, or it is not
 * known; 0: none. */
static int has_data(struct ioctx *p, const char *id, const struct check *go_on)
{
	static const char *const others[] = {"cephfs", "rgw", "mgr"};
	_cleanup_free_ char *pools = NULL;
	char ns[256] = "";
	bool found = false;
	int r = rados_ioctx_get_namespace(p->io, ns, sizeof(ns));

	if (r >= 0)
		r = session_list_pools(p->session, &pools);
	for (const char *pool = pools; r >= 0 && !found && *pool; pool += strlen(pool) + 1) {
		_cleanup_ioctx_ struct ioctx at = {0};
		int64_t pool_id = rados_pool_lookup(p->session->rados, pool);

		if (pool_id < 0 || ioctx_open_id(p->session, pool_id, ns, &at) < 0 ||
		    ioctx_has_application(at.io, others, ARRAY_SIZE(others)))
			continue;
		r = find_data(&at, id, p->pool_id, go_on, &found);
	}
	if (r == -EPERM || r == -EACCES) /* not for this user to see */
		return 1;
	return r < 0 ? r : found;
}

/* Whether OBJECT was last written longer ago than a creation takes. */
static int is_settled(struct ioctx *p, const char *object)
{
	uint64_t size;
	time_t when;
	int r = rados_stat(p->io, object, &size, &when);

	return r < 0 ? r : when + CREATION_S < time(NULL);
}

/* Whether nobody can be about to make IMAGE, which is listed as ID and has no header: librbd lists
 * an image before it makes the name object, and that before the header. 1, 0, or negative. */
static int is_abandoned(struct ioctx *p, const char *image, const char *id)
{
	_cleanup_free_ char *object = NULL, *named = NULL;
	int r = cls_image_id(p->io, image, &named);

	if (r == -ENOENT)
		return is_settled(p, "rbd_directory");
	if (r < 0)
		return r;
	if (strcmp(id, named) != 0)
		return 0; /* a name that is changing its image */
	if (str_printf(&object, "rbd_id.%s", image) < 0)
		return -ENOMEM;
	return is_settled(p, object);
}

int find_remains(struct ioctx *p, const char *image, const struct check *go_on, char **id)
{
	int r = cls_directory_id(p->io, image, id);

	if (!r)
		r = image_has_header(p, *id);
	if (r)
		return r == -ENOENT || r > 0 ? NO_REMAINS : r;
	r = is_abandoned(p, image, *id);
	if (r <= 0)
		return r == -ENOENT || !r ? NO_REMAINS : r;
	r = has_data(p, *id, go_on);
	if (r < 0)
		return r;
	return r ? HAS_DATA : REMAINS;
}

/* What OPEN, image NAME, tells of a wipe: one under way has it open for writing. */
static int find_wipe(struct ioctx *p, rbd_image_t open, const char *name, struct leftovers *out)
{
	_cleanup_free_ char *noted = image_note(open, NOTE_WIPE);
	_cleanup_watchers_ struct watchers watchers = {0};
	int r = noted ? watchers_list(p, open, &watchers) : 0;

	return r < 0 || !noted || watchers.n ? r : strlist_add(&out->wipes, "%s", name);
}

/* What cannot be read of it is nobody's. */
static int find_hold(struct cluster *c, const struct spec *spec, const char *name,
		     const struct hold *mine, struct leftovers *out)
{
	_cleanup_hold_ struct hold hold = {0};
	_cleanup_err_ struct err *ignored = NULL;

	if (hold_get_own(c, spec, mine, &hold, &ignored) <= 0)
		return 0;
	if (strlist_add(&out->holds, "%s", name) < 0)
		return -ENOMEM;
	return strlist_add(&out->hold_clients, "%s", hold.client_address);
}

static int look_at_remains(struct ioctx *p, const char *image, const char *name,
			   const struct leftover_query *q, struct leftovers *out)
{
	_cleanup_free_ char *id = NULL;
	int r = find_remains(p, image, &q->go_on, &id);

	if (r < 0 || r == NO_REMAINS)
		return r < 0 ? r : 0;
	return strlist_add(r == REMAINS ? &out->remains : &out->unproved, "%s", name);
}

static int leftover_look_at(struct ioctx *p, const struct spec *spec, const char *name,
			    const struct leftover_query *q, struct leftovers *out)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(p, spec->image, NULL, IMAGE_READ, &image);

	if (r == -ENOENT)
		return is_busy(q, name) ? 0 : look_at_remains(p, spec->image, name, q, out);
	if (!r)
		r = find_snapshots(p, spec, name, q, image, out);
	if (!r && !is_busy(q, name))
		r = find_wipe(p, image, name, out);
	return r;
}

static int go_on(const struct leftover_query *q, const char *name, struct err **e)
{
	int r = check_now(&q->go_on);

	return r ? check_fail(r, e, "look for what is left over of '%s' and others", name) : 0;
}

static int find_of_image(struct cluster *c, const char *name, const struct leftover_query *q,
			 struct leftovers *out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = go_on(q, name, e);

	if (r >= 0)
		r = leftover_open(c, name, &spec, &p, e);
	if (r < 0)
		return r;
	r = leftover_look_at(&p, &spec, name, q, out);
	if (!r)
		r = find_hold(c, &spec, name, q->mine, out);
	if (r == -ENOENT)
		return 0; /* deleted meanwhile */
	if (r < 0 && check_now(&q->go_on) == r)
		return go_on(q, name, e);
	return r < 0 ? image_fail(&p, CALL_LOOK, NULL, 0, r, e,
				  "look for what is left over of '%s'", name)
		     : 0;
}

/* Which of the lists the hidden image NAME belongs to; NULL: to none. */
static int judge_hidden(struct cluster *c, const char *name, const struct leftover_query *q,
			struct leftovers *out, struct strlist **list, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *id = NULL;
	bool ours;
	int r = go_on(q, name, e);

	*list = NULL;
	if (r >= 0)
		r = leftover_open(c, name, &spec, &p, e);
	if (r < 0)
		return r;
	ours = is_of_owner(spec.image, q->mine->host);
	if (!hidden_name_is_ours(spec.image) || (ours && is_busy(q, name)))
		return 0;
	r = cls_image_id(p.io, spec.image, &id);
	if (r == -ENOENT)
		r = 1; /* without a name object it cannot be opened: remains of one */
	else if (!r)
		r = hidden_is_published(&p, spec.image, id);
	if (!r)
		r = hidden_is_leftover(&p, spec.image, id);
	if (r < 0)
		return image_fail(&p, CALL_LOOK, NULL, 0, r, e, "look at '%s'", name);
	*list = ours ? &out->clones : &out->foreign;
	if (!r)
		*list = &out->unproved;
	return 0;
}

static int find_clones(struct cluster *c, const struct leftover_query *q, struct leftovers *out,
		       struct err **e)
{
	_cleanup_strlist_ struct strlist hidden = {0};
	int r = image_list_hidden(c, q->pool, &hidden, e);

	for (size_t i = 0; !r && i < hidden.n; i++) {
		struct strlist *list;

		r = judge_hidden(c, hidden.items[i], q, out, &list, e);
		if (!r && list && strlist_add(list, "%s", hidden.items[i]) < 0)
			r = err_oom(e);
	}
	return r;
}

static int find_deletions(struct cluster *c, const struct leftover_query *q, struct leftovers *out,
			  struct err **e)
{
	_cleanup_strlist_ struct strlist names = {0};
	int r = image_list_removals(c, q->pool, &names, e);

	for (size_t i = 0; !r && i < names.n; i++)
		if (!is_busy(q, names.items[i]) &&
		    strlist_add(&out->deletions, "%s", names.items[i]) < 0)
			r = err_oom(e);
	return r;
}

int leftovers_find(struct cluster *c, const struct leftover_query *q, struct leftovers *out,
		   struct err **e)
{
	_cleanup_strlist_ struct strlist names = {0};
	int r;

	if (q->image)
		return find_of_image(c, q->image, q, out, e);
	r = find_clones(c, q, out, e);
	if (!r)
		r = find_deletions(c, q, out, e);
	if (!r)
		r = image_list(c, q->pool, &names, NULL, e);
	for (size_t i = 0; !r && i < names.n; i++)
		r = find_of_image(c, names.items[i], q, out, e);
	return r;
}
