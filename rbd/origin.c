/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an image was cloned from. As long as it has a parent, its header tells that, by ids. A
 * flattened one has only what was noted when it was made: the names then, and the ids. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "ceph/close.h"
#include "ceph/cls.h"
#include "rbd/errors.h"
#include "rbd/image.h"
#include "rbd/note.h"
#include "rbd/origin.h"

/* The caller frees it; NULL: out of memory. */
static char *format_ids(int64_t pool_id, const char *ns, const char *image_id)
{
	char *out;

	return str_printf(&out, "%" PRId64 "/%s/%s", pool_id, ns, image_id) < 0 ? NULL : out;
}

int origin_note(rados_ioctx_t io, const char *id, const struct spec *parent,
		const struct clone_source *source)
{
	const struct spec from = {parent->pool, parent->ns, parent->image, source->snap};
	_cleanup_free_ char *name = spec_format(&from);
	_cleanup_free_ char *ids = format_ids(source->pool_id, parent->ns, source->image_id);
	const struct note notes[] = {{NOTE_FROM, name}, {NOTE_FROM_ID, ids}};

	return name && ids ? cls_notes(io, id, notes, ARRAY_SIZE(notes)) : -ENOMEM;
}

/* The notes of an image, and PARENT's ids now; each may be NULL: there is none. */
struct origin {
	const struct spec *parent;
	char *name, *from, *from_id, *id;
};

static void origin_deinit(struct origin *o)
{
	free(o->name);
	free(o->from);
	free(o->from_id);
	free(o->id);
}
#define _cleanup_origin_ cleanup(origin_deinit)

static int origin_init(struct origin *o, struct ioctx *from, rbd_image_t image,
		       const struct spec *parent)
{
	const struct spec head = {parent->pool, parent->ns, parent->image, NULL};
	_cleanup_free_ char *id = NULL;
	int r = from->io ? cls_image_id(from->io, parent->image, &id) : -ENOENT;

	o->parent = parent;
	o->name = spec_format(&head);
	o->from = image_note(image, NOTE_FROM);
	o->from_id = image_note(image, NOTE_FROM_ID);
	if (r == -ENOENT)
		return o->name ? 0 : -ENOMEM;
	if (r < 0)
		return r;
	o->id = format_ids(from->pool_id, parent->ns, id);
	return o->name && o->id ? 0 : -ENOMEM;
}

/* Whether SNAP, NULL for none, is the one asked for; where none was, any is. */
static bool is_wanted_snap(const struct origin *o, const char *snap)
{
	return !o->parent->snap || (snap && !strcmp(o->parent->snap, snap));
}

/* What stands behind the parent's name in the note. */
static const char *noted_snap(const struct origin *o)
{
	const char *at = o->from ? strchr(o->from, '@') : NULL;

	return at ? at + 1 : NULL;
}

/* Made from what had the parent's name then. */
static bool is_noted_by_name(const struct origin *o)
{
	size_t n = strlen(o->name);

	return o->from && !strncmp(o->from, o->name, n) && (o->from[n] == '@' || !o->from[n]) &&
	       is_wanted_snap(o, noted_snap(o));
}

/* Made from what has the parent's name now. */
static bool is_noted_by_id(const struct origin *o)
{
	return o->id && o->from_id && !strcmp(o->id, o->from_id) &&
	       is_wanted_snap(o, noted_snap(o));
}

/* The parent in the header is the one asked for. A snapshot that was deleted while in use has
 * another name now. Or it is the one that was noted, which had that name then: notes may be copies
 * of another image's. */
static bool is_linked(const struct origin *o, const struct link *link, const char *linked)
{
	if (o->id && !strcmp(o->id, linked))
		return is_wanted_snap(o, link->snap.name) || is_noted_by_name(o) ||
		       is_noted_by_id(o);
	return o->from_id && !strcmp(o->from_id, linked) && is_noted_by_name(o);
}

int origin_is(struct ioctx *from, rbd_image_t image, const struct spec *parent, struct link *link)
{
	_cleanup_origin_ struct origin o = {0};
	_cleanup_free_ char *linked = NULL;
	int r = image_link(image, link), has_parent = r;

	if (r < 0)
		return r;
	r = origin_init(&o, from, image, parent);
	if (r < 0)
		return r;
	if (!has_parent)
		return is_noted_by_name(&o) || is_noted_by_id(&o);
	linked = format_ids(link->image.pool_id, link->image.pool_namespace, link->image.image_id);
	return linked ? is_linked(&o, link, linked) : -ENOMEM;
}

int image_is_clone_of(struct cluster *c, const struct spec *child, const struct spec *parent,
		      struct err **e)
{
	_cleanup_ioctx_ struct ioctx at = {0}, from = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_err_ struct err *no_pool = NULL;
	_cleanup_link_ struct link link = {0};
	int r = ioctx_open(c, child->pool, child->ns, &at, e);

	if (r < 0)
		return r;
	/* A parent that is gone with its pool leaves the notes to be asked. */
	r = ioctx_open_in(at.session, parent->pool, parent->ns, &from, &no_pool);
	if (r < 0 && r != -ENOENT) {
		*e = steal(&no_pool);
		return r;
	}
	r = image_open(&at, child, NULL, IMAGE_READ, &image, e);
	if (r < 0)
		return r;
	r = origin_is(&from, image, parent, &link);
	return r < 0 ? image_fail(&at, CALL_LOOK, child->image, 0, r, e, "look at image '%s'",
				  child->image)
		     : r;
}
