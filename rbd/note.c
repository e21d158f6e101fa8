/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is noted on an image: a few short texts in its metadata, which go where the image goes. */
#include <errno.h>

#include "ceph/close.h"
#include "ceph/cls.h"
#include "rbd/errors.h"
#include "rbd/image.h"
#include "rbd/note.h"

int image_note_get(struct cluster *c, const struct spec *spec, const char *key, char **out,
		   struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	*out = NULL;
	if (r < 0)
		return r;
	r = image_open(&p, spec, NULL, IMAGE_READ, &image, e);
	if (r < 0)
		return r;
	*out = image_note(image, key);
	return *out != NULL;
}

/* An io context, and the id of SPEC's image in it. */
static int find_id(struct cluster *c, const struct spec *spec, struct ioctx *p, char **id,
		   struct err **e)
{
	int r = ioctx_open(c, spec->pool, spec->ns, p, e);

	if (r < 0)
		return r;
	r = cls_image_id(p->io, spec->image, id);
	return r < 0 ? image_fail_or_missing(p, CALL_LOOK, spec, r, e, "look at image '%s'",
					     spec->image)
		     : 0;
}

int image_note_set(struct cluster *c, const struct spec *spec, const char *key, const char *value,
		   struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *id = NULL;
	int r = find_id(c, spec, &p, &id, e);

	if (r < 0)
		return r;
	r = cls_note(p.io, id, key, value);
	return r < 0 ? image_fail_or_missing(&p, CALL_NOTE, spec, r, e, "note '%s' on image '%s'",
					     key, spec->image)
		     : 0;
}

int image_made_set(struct cluster *c, const struct spec *spec, bool made, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *id = NULL;
	int r = find_id(c, spec, &p, &id, e);

	return r < 0 ? r : image_note_set(c, spec, NOTE_MADE, made ? id : "", e);
}

int image_made_get(struct cluster *c, const struct spec *spec, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *id = NULL, *made = NULL;
	int r = image_note_get(c, spec, NOTE_MADE, &made, e);

	if (r <= 0)
		return r;
	r = find_id(c, spec, &p, &id, e);
	return r < 0 ? r : !strcmp(made, id);
}
