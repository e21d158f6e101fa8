/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume grows: the image, the device that shows it here, the file system on that where it is
 * mounted. */
#include <errno.h>

#include "mapper/grow.h"
#include "rbd/change.h"
#include "volume/operation.h"

static int has_size(struct operation *o, struct err **e)
{
	int r = observe_image(o, e);

	if (r <= 0)
		return r ? r : not_found(o, e);
	return o->v->image.size_bytes == o->req->size_bytes;
}

static int grow_image(struct operation *o, struct err **e)
{
	int r = image_grow(o->cluster, o->spec, o->req->size_bytes, e);

	if (r >= 0)
		r = observe_image(o, e);
	return r < 0 ? r : 0;
}

static int device_has_size(struct operation *o, struct err **e)
{
	int r = observe_device(o, e);

	if (r <= 0)
		return r < 0 ? r : 1;
	return o->v->device.size_bytes == o->req->size_bytes;
}

static int grow_device(struct operation *o, struct err **e)
{
	return device_wait_size(&o->v->device, o->req->size_bytes, o->progress->deadline, e);
}

static int is_unmounted(struct operation *o, struct err **e)
{
	(void)e;
	return !o->v->attached || !o->v->mounts.n;
}

static int grow_filesystem(struct operation *o, struct err **e)
{
	_cleanup_strlist_ struct strlist mounts = {0};
	int grown = 0, r = device_mounts(&o->v->device, true, &mounts, e);

	for (size_t i = 0; r >= 0 && !grown && i < mounts.n; i++)
		r = grown = mount_grow(mounts.items[i], &o->v->device, e);
	if (r >= 0 && !grown)
		progress_note(o->progress,
			      "what is mounted of %s stays as large as it was: rbdvol grows ext4, "
			      "XFS and Btrfs that are mounted for writing and fill the device",
			      o->v->device.node);
	return r < 0 ? r : 0;
}

static const struct step *const steps[] = {
	&step_connect,
	&(const struct step){"image", has_size, grow_image},
	&(const struct step){"device", device_has_size, grow_device},
	&(const struct step){"filesystem", is_unmounted, grow_filesystem},
};

int volume_resize(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r = operation_refuse_snapshot(spec, "resize", e);

	if (r < 0)
		return r;
	if (!req->size_bytes)
		return err_set(e, ERR_USAGE, -EINVAL, "resize needs a size");
	r = operation_init(&o, h, spec, req, p, out, e);
	return r < 0 ? r : steps_run(steps, ARRAY_SIZE(steps), &o, e);
}
