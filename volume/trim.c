/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unused blocks of the mounted file systems of a volume go back to the cluster. */
#include <errno.h>
#include <sys/statvfs.h>

#include "base/value.h"
#include "mapper/discard.h"
#include "mapper/filesystems.h"
#include "mapper/mounts.h"
#include "volume/host.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/slot.h"
#include "volume/step.h"
#include "volume/trim.h"

/* Is the file system of items[i] done, maybe by another mount of it (a bind, a subvolume)? */
static bool is_done(const struct mounted_list *l, size_t i)
{
	for (size_t k = 0; k < l->n; k++)
		if (l->items[k].done && l->items[k].dev == l->items[i].dev)
			return true;
	return false;
}

/* Of the file systems of V that are mounted for writing: their blocks, and how many are used. */
static int count_blocks(const struct volume_info *v, uint64_t *bytes, uint64_t *used)
{
	_cleanup_mounted_list_ struct mounted_list mounts = {0};
	_cleanup_err_ struct err *ignored = NULL;
	int r = device_filesystems(&v->device, &mounts, &ignored);

	for (size_t i = 0; r >= 0 && i < mounts.n; i++) {
		struct mounted *m = &mounts.items[i];
		_cleanup_err_ struct err *gone = NULL;
		_cleanup_close_ int fd = -1;
		struct statvfs fs;

		if (m->read_only || m->nested || is_done(&mounts, i))
			continue;
		fd = mounted_open(m, &gone);
		if (fd < 0 || fstatvfs(fd, &fs) < 0)
			continue;
		m->done = true;
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

	if (!v->usage.known || !v->usage.shared_known || !v->attached || v->fenced ||
	    count_blocks(v, &bytes, &used) < 0)
		return;
	/* What of the device is no mounted file system may hold anything. */
	if (bytes < v->device.size_bytes / 4 * 3)
		return;
	/* What is the parents' does not come back. */
	free = held > used ? held - used : 0;
	v->reclaimable_bytes = free < own ? free : own;
	v->reclaimable_known = true;
}

static bool any_writable(const struct mounted_list *mounts)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (!mounts->items[i].read_only)
			return true;
	return false;
}

static int refuse_unmounted(const struct operation *o, const struct mounted_list *mounts,
			    struct err **e)
{
	err_set(e, ERR_FAILED, -EINVAL,
		"%s is %s: there is no file system to ask for unused blocks", o->spec->image,
		!o->v->attached	       ? "not attached here"
		: any_writable(mounts) ? "mounted where another mount hides it, or was unmounted"
		: mounts->n	       ? "mounted for reading only"
				       : "not mounted");
	return err_hint(e, "mount it for writing");
}

/* What the volume takes now; that it cannot be known keeps nobody from trimming. */
static void trim_look(struct operation *o, struct usage *out)
{
	_cleanup_err_ struct err *why = NULL;
	const struct check go_on = progress_checking(o->progress);
	unsigned want = USAGE_STORED | (o->req->slow ? USAGE_SLOW : 0);

	if (image_usage(o->cluster, o->spec, want, &go_on, out, &why) < 0)
		progress_note(o->progress, "%s", why->message);
	else if (out == &o->v->before && !out->known)
		progress_note(
			o->progress,
			"%s has no valid object map (feature fast-diff): what the cluster gets "
			"back is not told; with --slow each object is asked for",
			o->spec->image);
	else if (out == &o->v->before && out->stored_left_out)
		progress_note(o->progress,
			      "%s has too many objects to ask each for its size; --slow does it",
			      o->spec->image);
}

/* The reason that the kernel knows, in place of the hint that names all there could be. */
static void explain(const struct operation *o, struct err **e)
{
	_cleanup_free_ char *why = NULL;

	if ((*e)->code == -EOPNOTSUPP)
		why = device_why_no_discard(&o->v->device);
	if (why)
		err_hint(e, "%s", why);
}

static int trim_check(void *arg)
{
	return progress_check(arg);
}

static int trim_mount(struct operation *o, struct mounted *m, struct err **e)
{
	const struct trim_limits limits = {
		.minimum_bytes = o->req->minimum_bytes,
		.rate_bytes = o->req->rate_bytes,
		.check = trim_check,
		.arg = o->progress,
	};
	_cleanup_err_ struct err *gone = NULL;
	_cleanup_close_ int fd = mounted_open(m, &gone);
	struct trim_result result;
	int r;

	/* Its process ended, or it was unmounted meanwhile: then it is as if never found. */
	if (fd < 0)
		return 0;
	m->done = true;
	r = mount_trim(fd, m->shown, &limits, &result, e);
	o->v->trimmed_bytes += result.bytes;
	o->v->trimmed += r >= 0;
	if (r < 0)
		explain(o, e);
	else if (limits.rate_bytes && !result.step_bytes)
		progress_note(o->progress,
			      "%s was trimmed at once, not at the rate: its file system cannot be "
			      "trimmed in parts",
			      m->shown);
	return r;
}

/* What a snapshot has is not freed, though each object of the volume itself may be smaller. */
static void tell_snapshots(const struct operation *o)
{
	cleanup(image_info_deinit) struct image_info info = {0};
	_cleanup_err_ struct err *ignored = NULL;

	if (!o->v->trimmed_bytes || image_info(o->cluster, o->spec, &info, &ignored) < 0 ||
	    !info.snapshots)
		return;
	progress_note(
		o->progress,
		"%s has %u snapshot%s: what they share with it comes back to the cluster when "
		"they are deleted ('rbd snap ls')",
		o->spec->image, info.snapshots, info.snapshots == 1 ? "" : "s");
}

/* A 0 looks like a fault and seldom is one. */
static void tell_nothing(const struct operation *o)
{
	_cleanup_free_ char *piece = value_format_size(device_discard_granularity(&o->v->device));
	const struct usage *before = &o->v->before, *after = &o->v->usage;

	if (!o->v->trimmed_bytes)
		progress_note(o->progress,
			      "%s: the file system gave nothing back: it has no unused blocks that "
			      "it did not give back before, or none as long as %s, the least that "
			      "the device can free (map option alloc_size)",
			      o->spec->image, piece ? piece : "?");
	else if (before->stored_known && after->stored_known &&
		 after->stored_bytes >= before->stored_bytes)
		progress_note(
			o->progress,
			"%s: no object is smaller than before: what was given back was never "
			"written, lies inside of objects, where their sizes do not show it, or "
			"is shorter than %s, the least that the device can free (map option "
			"alloc_size)",
			o->spec->image, piece ? piece : "?");
}

/* Of all volumes, one that cannot discard, or whose trim has given way to something else. */
static bool is_no_failure(int code)
{
	return code == -EOPNOTSUPP || code == -ECANCELED;
}

/* Of all volumes, those are left alone that fstab says so of, by whichever mount they are found. */
static void leave_alone(struct operation *o, struct mounted_list *mounts)
{
	for (size_t i = 0; o->req->all && i < mounts->n; i++) {
		if (mounts->items[i].read_only || !mount_is_notrim(mounts->items[i].path))
			continue;
		mounts->items[i].done = true;
		progress_note(o->progress, "%s is left alone: /etc/fstab says X-fstrim.notrim",
			      mounts->items[i].path);
	}
}

/* One that cannot be trimmed keeps no other from it; the first such is the error. */
static int trim_each(struct operation *o, struct mounted_list *mounts, struct err **e)
{
	int first = 0;

	for (size_t i = 0; first != -ECANCELED && i < mounts->n; i++) {
		struct mounted *m = &mounts->items[i];
		_cleanup_err_ struct err *why = NULL;
		int r = m->read_only || is_done(mounts, i) ? 0 : trim_mount(o, m, &why);

		if (r >= 0)
			continue;
		if (first || (o->req->all && is_no_failure(r))) {
			progress_note(o->progress, "%s%s%s", why->message, why->hint ? ": " : "",
				      why->hint ? why->hint : "");
			continue;
		}
		first = r;
		*e = steal(&why);
	}
	return first;
}

/* What was done before it failed is said, since nobody can take it back. */
static int trim_fail(const struct operation *o, struct err **e)
{
	_cleanup_free_ char *size = value_format_size(o->v->trimmed_bytes);

	return o->v->trimmed_bytes ? err_wrap(e, "after %s were trimmed", size ? size : "?")
				   : (*e)->code;
}

static bool any_done(const struct mounted_list *mounts)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->items[i].done)
			return true;
	return false;
}

static int trim_mounts(struct operation *o, struct mounted_list *mounts, struct err **e)
{
	int r;

	leave_alone(o, mounts);
	trim_look(o, &o->v->before);
	r = trim_each(o, mounts, e);
	if (r < 0)
		return trim_fail(o, e);
	/* As one of all, a volume that is not mounted is not a failure. */
	if (!any_done(mounts))
		return o->req->all ? 0 : refuse_unmounted(o, mounts, e);
	trim_look(o, &o->v->usage);
	if (o->v->trimmed)
		tell_nothing(o);
	tell_snapshots(o);
	return 0;
}

/* By the name of now: that of when it was attached may be another image's. Where the cluster does
 * not tell, by that one. */
static int trim_find(struct operation *o, struct err **e)
{
	_cleanup_err_ struct err *ignored = NULL;

	if (!o->meant.node && operation_connect(o, &ignored) >= 0)
		observe_image(o, &ignored);
	return observe_device(o, e);
}

int volume_trim(struct host *h, const struct spec *spec, const struct volume_request *req,
		struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_mounted_list_ struct mounted_list mounts = {0};
	_cleanup_operation_ struct operation o = {0};
	_cleanup_err_ struct err *why = NULL;
	int r = operation_init(&o, h, spec, req, p, out, e);

	if (r >= 0)
		r = trim_find(&o, e);
	if (r > 0)
		r = device_filesystems(&out->device, &mounts, e);
	if (r < 0)
		return r;
	note_unreached(&o, "not trimmed", &mounts);
	if (!any_writable(&mounts))
		return req->all ? 0 : refuse_unmounted(&o, &mounts, e);
	r = slot_take(host_trims(h), "trims", p, &why);
	if (r == -ECANCELED && req->all) {
		progress_note(p, "%s", why->message);
		return 0;
	}
	if (r < 0) {
		*e = steal(&why);
		return r;
	}
	operation_tell(&o, "trim");
	r = trim_mounts(&o, &mounts, e);
	slot_end(host_trims(h));
	return r;
}
