/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The image gets another name. While that goes on this host holds it, so that no other host
 * attaches it under the old one. */
#include <errno.h>
#include <string.h>

#include "rbd/name.h"
#include "volume/hold.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/step.h"

/* Pool and namespace stay as they are, and may be left out of the new name. */
static int parse_name(const struct spec *from, const char *text, struct spec *out, struct err **e)
{
	const struct spec named = {from->pool, from->ns, (char *)text, NULL};
	_cleanup_free_ char *whole = strchr(text, '/') ? strdup(text) : spec_format(&named);
	int r = whole ? spec_parse(whole, from->pool, out, e) : err_oom(e);

	if (r < 0)
		return r;
	if (out->snap)
		return err_set(e, ERR_USAGE, -EINVAL, "the new name is that of a snapshot ('@%s')",
			       out->snap);
	if (!strcmp(out->pool, from->pool) && !strcmp(out->ns, from->ns))
		return 0;
	err_set(e, ERR_USAGE, -EINVAL,
		"rename does not move a volume to another pool or namespace");
	return err_hint(e, "'rbd migration' and 'rbd deep cp' do");
}

/* From here on the operation is about the new name. */
static int rename_image(struct operation *o, struct err **e)
{
	_cleanup_spec_ struct spec to = {0};
	int r = parse_name(o->spec, o->req->name, &to, e);

	if (r < 0)
		return r;
	operation_tell(o, "rename");
	r = image_rename(o->cluster, o->spec, to.image, e);
	if (r < 0)
		return r;
	spec_deinit(&o->v->spec);
	o->v->spec = to;
	to = (struct spec){0};
	o->spec = &o->v->spec;
	return 0;
}

int volume_rename(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r = operation_refuse_snapshot(spec, "rename", e);

	if (r >= 0 && !req->name)
		return err_set(e, ERR_USAGE, -EINVAL, "rename needs a new name");
	if (r < 0)
		return r;
	r = operation_init(&o, h, spec, req, p, out, e);
	if (r < 0)
		return r;
	r = find_detached(&o, e);
	return r < 0 ? r : with_hold(&o, rename_image, e);
}
