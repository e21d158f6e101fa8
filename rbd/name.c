/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names under construction. An image is published in three changes, the same as of 'rbd rename': a
 * name object for the new name, the entry in the pool's directory, the removal of the old name
 * object. From the first on the image is there under its name, whole; after a cut the same three
 * are done again, and those that are done already do nothing. */
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/spec.h"
#include "base/str.h"
#include "ceph/cls.h"
#include "rbd/errors.h"
#include "rbd/name.h"
#include "rbd/watchers.h"

char *name_hidden(const char *image, const char *owner)
{
	char *out;

	return str_printf(&out, SPEC_HIDDEN_PREFIX "%s.%s", image, owner) < 0 ? NULL : out;
}

#define OUTGOING "-old" /* behind the hidden name: no owner ends so */

/* The outgoing name that belongs to a hidden one. */
static char *outgoing_of(const char *hidden)
{
	char *out;

	return str_printf(&out, "%s" OUTGOING, hidden) < 0 ? NULL : out;
}

char *name_outgoing(const char *image, const char *owner)
{
	_cleanup_free_ char *hidden = name_hidden(image, owner);

	return hidden ? outgoing_of(hidden) : NULL;
}

bool name_is_outgoing(const char *hidden)
{
	size_t len = strlen(hidden);

	return len > strlen(OUTGOING) && !strcmp(hidden + len - strlen(OUTGOING), OUTGOING);
}

char *name_meant(const char *hidden)
{
	size_t skip = strlen(SPEC_HIDDEN_PREFIX);
	const char *end = strrchr(hidden, '.');

	if (!spec_is_hidden(hidden) || !end || end < hidden + skip)
		return NULL;
	return strndup(hidden + skip, (size_t)(end - hidden) - skip);
}

/* The directory has another image as NAME. -EEXIST, unless it is the one that HIDDEN replaces. */
static int list_replaced(rados_ioctx_t io, const char *hidden, const char *name, const char *id)
{
	_cleanup_free_ char *outgoing = outgoing_of(hidden), *old_id = NULL, *listed = NULL;

	if (!outgoing)
		return -ENOMEM;
	if (cls_image_id(io, outgoing, &old_id) < 0 || cls_directory_id(io, name, &listed) < 0 ||
	    strcmp(old_id, listed) != 0)
		return -EEXIST;
	return cls_directory_replace(io, name, old_id, outgoing, hidden, id);
}

/* The second and third change. */
static int publish_rest(rados_ioctx_t io, const char *hidden, const char *name, const char *id)
{
	int r = cls_directory_rename(io, hidden, name, id);

	if (r == -EEXIST)
		r = list_replaced(io, hidden, name, id);
	/* ENOENT, ESTALE: listed under its name already. */
	if (r < 0 && r != -ENOENT && r != -ESTALE)
		return r;
	FAILPOINT("publish.listed");
	r = cls_name_remove_of(io, hidden, id);
	FAILPOINT("publish.done");
	return r == -ENOENT ? 0 : r;
}

int name_publish(rados_ioctx_t io, const char *hidden, const char *name, const char *id)
{
	int r = cls_name_create(io, name, id);

	if (r < 0)
		return r;
	FAILPOINT("publish.named");
	r = publish_rest(io, hidden, name, id);
	if (r != -EEXIST)
		return r;
	/* The directory has another image of that name, one that is being deleted: take back. */
	cls_name_remove_of(io, name, id);
	return r;
}

int name_replace(rados_ioctx_t io, const char *hidden, const char *new_id, const char *name,
		 const char *old_id)
{
	_cleanup_free_ char *outgoing = outgoing_of(hidden);
	int r;

	if (!outgoing)
		return -ENOMEM;
	r = cls_name_create(io, outgoing, old_id);
	if (r < 0)
		return r;
	FAILPOINT("replace.kept");
	r = cls_name_switch(io, name, old_id, new_id);
	if (r == -ESTALE)
		cls_name_remove_of(io, outgoing, old_id);
	if (r < 0)
		return r;
	FAILPOINT("replace.named");
	return publish_rest(io, hidden, name, new_id);
}

int name_complete(rados_ioctx_t io, const char *name, const char *id)
{
	_cleanup_free_ char *listed = NULL;
	int r = cls_directory_name(io, id, &listed);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!strcmp(listed, name) || !spec_is_hidden(listed))
		return 0;
	return publish_rest(io, listed, name, id);
}

/* The first change was done before. */
static int publish_again(rados_ioctx_t io, const char *old, const char *name, const char *id)
{
	_cleanup_free_ char *named = NULL;
	int r = cls_image_id(io, name, &named);

	return r < 0 || strcmp(named, id) ? -EEXIST : publish_rest(io, old, name, id);
}

int image_rename(struct cluster *c, const struct spec *spec, const char *name, struct err **e)
{
	_cleanup_free_ char *old = spec_format(spec), *id = NULL;
	_cleanup_ioctx_ struct ioctx p = {0};
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	if (r < 0)
		return r;
	r = cls_image_id(p.io, spec->image, &id);
	if (r < 0)
		return image_fail_or_missing(&p, CALL_RENAME, spec, r, e, "rename '%s'", old);
	/* Who has it open would go on to call it by the old name. */
	r = watchers_refuse_id(&p, id, old, e);
	if (r)
		return r < 0 ? r : ioctx_missing(&p, spec, e);
	r = name_publish(p.io, spec->image, name, id);
	if (r == -EEXIST)
		r = publish_again(p.io, spec->image, name, id);
	if (r == -EEXIST)
		return err_set(e, ERR_EXISTS, r, "an image has the name '%s' already", name);
	return r < 0 ? image_fail(&p, CALL_RENAME, spec->image, 0, r, e, "rename '%s'", old) : 0;
}
