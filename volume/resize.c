/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume grows: the image, the device that shows it here, the file system on that where it is
 * mounted. */
#include <errno.h>

#include "mapper/filesystems.h"
#include "mapper/grow.h"
#include "rbd/change.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

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

	if (r < 0)
		return r;
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

static int is_not_attached(struct operation *o, struct err **e)
{
	(void)e;
	return !o->v->attached;
}

/* 1: it fills the device; 0: it is not one that can, or is not there any more. */
static int grow_mount(struct operation *o, const struct mounted *m, struct err **e)
{
	_cleanup_err_ struct err *gone = NULL;
	_cleanup_close_ int fd = mounted_open(m, &gone);

	return fd < 0 ? 0 : mount_grow(fd, m->shown, &o->v->device, e);
}

static void tell_layer(struct operation *o, const struct mounted *m)
{
	progress_note(o->progress,
		      "what is mounted on %s stays as large as it was: it is on %s, which is to "
		      "grow first ('cryptsetup resize', 'pvresize' and 'lvextend -r', 'mdadm "
		      "--grow', 'losetup -c')",
		      m->shown, m->layer);
}

static int grow_each(struct operation *o, const struct mounted_list *mounts, struct err **e)
{
	bool any = false;
	int grown = 0;

	for (size_t i = 0; grown >= 0 && i < mounts->n; i++) {
		const struct mounted *m = &mounts->items[i];

		if (m->layer)
			tell_layer(o, m);
		else if (!m->read_only && !grown)
			grown = grow_mount(o, m, e);
		any |= !m->layer;
	}
	if (grown < 0)
		return grown;
	if (any && !grown)
		progress_note(o->progress,
			      "what is mounted of %s stays as large as it was: rbdvol grows ext4, "
			      "XFS and Btrfs that are mounted for writing and fill the device",
			      o->v->device.node);
	note_unreached(o, "not grown", mounts);
	return 0;
}

static int grow_filesystem(struct operation *o, struct err **e)
{
	_cleanup_mounted_list_ struct mounted_list mounts = {0};
	int r = device_filesystems(&o->v->device, &mounts, e);

	return r < 0 ? r : grow_each(o, &mounts, e);
}

static const struct step *const steps[] = {
	&step_connect,
	&(const struct step){"image", has_size, grow_image},
	&(const struct step){"device", device_has_size, grow_device},
	&(const struct step){"filesystem", is_not_attached, grow_filesystem},
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
