/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceph's own options as 'rbd' takes them: an image's ('rbd config image'), else its pool's ('rbd
 * config pool'), else those of ceph.conf and the monitors. */
#include <errno.h>

#include "base/str.h"
#include "ceph/close.h"
#include "rbd/conf.h"
#include "rbd/errors.h"
#include "rbd/image.h"

#define OVERRIDE  "conf_" /* what librbd puts before the option's name in the metadata */
#define VALUE_MAX 4096

static int set_value(const char *value, size_t len, char **out)
{
	*out = strndup(value, len);
	return *out ? 1 : -ENOMEM;
}

/* 1 and *out; 0: the pool has none of its own, or this user may not read it: as librbd has it. */
static int pool_override(struct ioctx *p, const char *key, char **out)
{
	_cleanup_ioctx_ struct ioctx pool = {0};
	char value[VALUE_MAX];
	size_t len = sizeof(value);
	int r = ioctx_open_id(p->session, p->pool_id, "", &pool);

	if (!r)
		r = rbd_pool_metadata_get(pool.io, key, value, &len);
	if (r == -ENOENT || r == -EPERM || r == -EACCES || r == -EOPNOTSUPP)
		return 0;
	return r < 0 ? r : set_value(value, strnlen(value, len), out);
}

int ioctx_conf(struct ioctx *p, const char *option, char **out)
{
	_cleanup_free_ char *key = NULL;
	int r;

	*out = NULL;
	if (str_printf(&key, OVERRIDE "%s", option) < 0)
		return -ENOMEM;
	r = pool_override(p, key, out);
	if (!r)
		*out = session_conf(p->session->rados, option);
	return r < 0 ? r : 0;
}

int image_conf(struct cluster *c, const struct spec *spec, const char *option, char **out,
	       struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	_cleanup_free_ char *key = NULL;
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	*out = NULL;
	if (r < 0)
		return r;
	r = image_open(&p, spec, NULL, IMAGE_READ, &image, e);
	if (r < 0)
		return r;
	if (str_printf(&key, OVERRIDE "%s", option) < 0)
		return err_oom(e);
	*out = image_note(image, key);
	r = *out ? 0 : ioctx_conf(&p, option, out);
	return r < 0 ? image_fail(&p, CALL_LOOK, NULL, 0, r, e, "ask for the configuration of '%s'",
				  spec->image)
		     : 0;
}
