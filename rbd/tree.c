/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/tree.h"
#include "ceph/close.h"
#include "rbd/image.h"

#include <errno.h>
#include <string.h>

#include "rbd/errors.h"
#include "rbd/snapshots.h"

#define IMAGES_MAX 100000 /* in one tree; depth is bounded by what Ceph can open */

struct growth {
	struct session *session;
	const struct check *go_on;
	unsigned images;
};

void tree_deinit(struct tree_image *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct tree_snapshot *s = &t->snapshots[i];

		for (size_t j = 0; j < s->n; j++)
			tree_deinit(&s->clones[j]);
		free(s->clones);
		free(s->name);
	}
	free(t->snapshots);
	spec_deinit(&t->spec);
	*t = (struct tree_image){0};
}

static int add_image(struct growth *g, struct ioctx *p, const char *id, struct tree_image *t);

static int add_clone(struct growth *g, const rbd_linked_image_spec_t *l, struct tree_image *t)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = spec_init(&t->spec, l->pool_name, l->pool_namespace, l->image_name, NULL);

	t->trash = l->trash;
	if (!r)
		r = ioctx_open_id(g->session, l->pool_id, l->pool_namespace, &p);
	if (!r)
		r = add_image(g, &p, l->image_id, t);
	t->closed = r == -ENOENT || r == -EPERM || r == -EACCES;
	return t->closed ? 0 : r;
}

/* The clones of the snapshot that IMAGE is set to. */
static int add_clones(struct growth *g, rbd_image_t image, struct tree_snapshot *s)
{
	_cleanup_clones_ struct clones clones = {0};
	int r = clones_list(image, &clones);

	if (r < 0 || !clones.n)
		return r;
	s->clones = calloc(clones.n, sizeof(*s->clones));
	if (!s->clones)
		return -ENOMEM;
	for (size_t i = 0; !r && i < clones.n; i++)
		r = add_clone(g, &clones.items[i], &s->clones[s->n++]);
	return r;
}

static int add_snapshots(struct growth *g, rbd_image_t image, struct tree_image *t)
{
	_cleanup_snapshots_ struct snapshots snaps = {0};
	int r = snapshots_list(image, &snaps);

	if (!r && snaps.n)
		t->snapshots = calloc((size_t)snaps.n, sizeof(*t->snapshots));
	if (!r && snaps.n && !t->snapshots)
		r = -ENOMEM;
	for (int i = 0; !r && i < snaps.n; i++) {
		struct tree_snapshot *s = &t->snapshots[t->n++];

		s->trash = !snapshot_is_user(image, snaps.items[i].id);
		s->name = strdup(snaps.items[i].name);
		r = s->name ? rbd_snap_set_by_id(image, snaps.items[i].id) : -ENOMEM;
		if (!r)
			r = add_clones(g, image, s);
		if (!r && s->trash && !s->n) { /* a group's or a mirror's */
			free(s->name);
			t->n--;
		}
	}
	return r;
}

static int add_image(struct growth *g, struct ioctx *p, const char *id, struct tree_image *t)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = check_now(g->go_on);

	if (r < 0)
		return r;
	if (++g->images > IMAGES_MAX)
		return -EMLINK;
	r = image_open_at(p, id, NULL, IMAGE_ID_READ, &image);
	if (r < 0)
		return r;
	return add_snapshots(g, image, t);
}

int image_tree(struct cluster *c, const struct spec *spec, const struct check *go_on,
	       struct tree_image *out, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_image_info_ struct image_info info = {0};
	_cleanup_ioctx_ struct ioctx p = {0};
	struct growth g = {.go_on = go_on};
	int r = image_info(c, spec, &info, e);

	*out = (struct tree_image){0};
	if (r < 0)
		return r;
	r = ioctx_open(c, spec->pool, spec->ns, &p, e);
	if (r < 0)
		return r;
	g.session = p.session;
	r = spec_init(&out->spec, spec->pool, spec->ns, spec->image, NULL);
	if (!r)
		r = add_image(&g, &p, info.id, out);
	if (!r)
		return 0;
	tree_deinit(out);
	if (r == -EMLINK)
		return err_set(e, ERR_FAILED, r, "more than %u images depend on '%s'", IMAGES_MAX,
			       name);
	if (check_now(go_on) == r)
		return check_fail(r, e, "look at all that depends on '%s' (%u images were seen)",
				  name, g.images);
	return image_fail(&p, CALL_LOOK, NULL, 0, r, e, "look at what depends on '%s'", name);
}
