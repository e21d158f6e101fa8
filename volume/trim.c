/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unused blocks of the mounted file systems of a volume go back to the cluster. */
#include <errno.h>
#include <sys/stat.h>

#include "volume/operation.h"

/* Is the file system of mounts[i] one that an earlier mount (a bind, a second mount) has? */
static bool seen_before(const struct strlist *mounts, size_t i)
{
	struct stat here, there;

	if (stat(mounts->items[i], &here) < 0)
		return false;
	while (i--)
		if (!stat(mounts->items[i], &there) && here.st_dev == there.st_dev)
			return true;
	return false;
}

static int refuse_unmounted(const struct operation *o, struct err **e)
{
	err_set(e, ERR_FAILED, -EINVAL,
		"%s is %s: there is no file system to ask for unused blocks", o->spec->image,
		!o->v->attached	 ? "not attached here"
		: o->v->mounts.n ? "mounted for reading only"
				 : "not mounted");
	return err_hint(e, "mount it for writing");
}

int volume_trim(struct host *h, const struct spec *spec, const struct volume_request *req,
		struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_strlist_ struct strlist mounts = {0};
	_cleanup_operation_ struct operation o = {0};
	int r = operation_init(&o, h, spec, req, p, out, e);

	if (r >= 0)
		r = observe_device(&o, e);
	if (r > 0)
		r = device_mounts(&out->device, true, &mounts, e);
	if (r >= 0 && !mounts.n)
		return refuse_unmounted(&o, e);
	for (size_t i = 0; r >= 0 && i < mounts.n; i++) {
		uint64_t bytes;

		if (seen_before(&mounts, i))
			continue;
		r = mount_trim(mounts.items[i], &bytes, e);
		if (r >= 0)
			out->trimmed_bytes += bytes;
	}
	return r < 0 ? r : 0;
}
