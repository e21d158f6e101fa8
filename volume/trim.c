/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unused blocks of the mounted file systems of a volume go back to the cluster. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/value.h"
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

/* Of the file systems of V that are mounted: their blocks, and how many are used. */
static int count_blocks(const struct volume_info *v, uint64_t *bytes, uint64_t *used)
{
	_cleanup_strlist_ struct strlist mounts = {0};
	_cleanup_err_ struct err *ignored = NULL;
	int r = device_filesystems(&v->device, &mounts, &ignored);

	for (size_t i = 0; r >= 0 && i < mounts.n; i++) {
		struct statvfs fs;

		if (seen_before(&mounts, i) || statvfs(mounts.items[i], &fs) < 0)
			continue;
		*bytes += fs.f_blocks * fs.f_frsize;
		*used += (fs.f_blocks - fs.f_bfree) * fs.f_frsize;
	}
	return r;
}

void observe_reclaimable(struct volume_info *v)
{
	/* The sizes of the objects, where these are known, tell of ends that were trimmed before.
	 */
	uint64_t own = v->usage.stored_known ? v->usage.stored_bytes : v->usage.used_bytes;
	uint64_t held = own + v->usage.shared_bytes, bytes = 0, used = 0, free;

	if (!v->usage.known || !v->attached || v->fenced || count_blocks(v, &bytes, &used) < 0)
		return;
	/* What of the device is no mounted file system may hold anything. */
	if (bytes < v->device.size_bytes / 4 * 3)
		return;
	/* What is the parents' does not come back. */
	free = held > used ? held - used : 0;
	v->reclaimable_bytes = free < own ? free : own;
	v->reclaimable_known = true;
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

/* What the volume takes now; that it can't be known keeps nobody from trimming. */
static void look(struct operation *o, struct usage *out)
{
	_cleanup_err_ struct err *why = NULL;

	if (image_usage(o->cluster, o->spec, USAGE_STORED, out, &why) < 0)
		progress_note(o->progress, "%s", why->message);
}

/* The reason that the kernel knows, in place of the hint that names all there could be. */
static int explain(const struct operation *o, struct err **e)
{
	_cleanup_free_ char *why = NULL;

	if ((*e)->code != -EOPNOTSUPP)
		return (*e)->code;
	why = device_why_no_discard(&o->v->device);
	return why ? err_hint(e, "%s", why) : (*e)->code;
}

static int check(void *arg)
{
	return progress_check(arg);
}

static int trim_mount(struct operation *o, const char *path, struct err **e)
{
	const struct trim_limits limits = {
		.minimum_bytes = o->req->minimum_bytes,
		.rate_bytes = o->req->rate_bytes,
		.check = check,
		.arg = o->progress,
	};
	_cleanup_err_ struct err *why = NULL;
	uint64_t bytes;
	int r = mount_trim(path, &limits, &bytes, &why);

	o->v->trimmed_bytes += bytes;
	o->v->trimmed += r >= 0;
	/* Its process ended, or it was unmounted meanwhile: then it is as if never found. */
	if (r == -ENOENT || r == -ENOTDIR || r >= 0)
		return 0;
	*e = steal(&why);
	return explain(o, e);
}

/* A 0 looks like a fault and seldom is one. */
static void tell_nothing(const struct operation *o)
{
	_cleanup_free_ char *piece = value_format_size(device_discard_granularity(&o->v->device));

	progress_note(o->progress,
		      "%s: the file system gave nothing back: it has no unused blocks that it did "
		      "not give back before, or none as long as %s, the least that the device can "
		      "free (map option alloc_size)",
		      o->spec->image, piece ? piece : "?");
}

static int trim(struct operation *o, const struct strlist *mounts, struct err **e)
{
	int r = 0;

	look(o, &o->v->before);
	for (size_t i = 0; r >= 0 && i < mounts->n; i++)
		r = seen_before(mounts, i) ? 0 : trim_mount(o, mounts->items[i], e);
	if (r < 0)
		return r;
	look(o, &o->v->usage);
	if (o->v->trimmed && !o->v->trimmed_bytes)
		tell_nothing(o);
	return 0;
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
		r = device_filesystems(&out->device, &mounts, e);
	if (r < 0)
		return r;
	if (!mounts.n)
		/* As one of all, to be unmounted is no failure. */
		return req->all ? 0 : refuse_unmounted(&o, e);
	return trim(&o, &mounts, e);
}
