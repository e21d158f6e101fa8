/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/device.h"
#include "mapper/mapping.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "mapper/key.h"
#include "mapper/krbd.h"
#include "mapper/module.h"
#include "mapper/node.h"
#include "mapper/ready.h"

#define FEATURE_EXCLUSIVE_LOCK 4 /* of an image, as the kernel tells it */
#define SYS		       "/sys"
#define ANSWER_WAIT_US	       (8 * USEC_PER_SEC) /* for the cluster to answer what is in flight */
#define UNMAP_WAIT_US	       (20 * USEC_PER_SEC) /* for udev to close the device, and to see it go */
#define OPENER_US	       (1 * USEC_PER_SEC) /* grace for a program that is about to end */
#define NOBODY_US	       (3 * USEC_PER_SEC) /* the same where nobody is seen */
#define SLICE_US	       (USEC_PER_SEC / 4)

int device_list(struct device_list *out, struct err **e)
{
	int r = krbd_mappings(SYS, out);

	for (size_t i = 0; r >= 0 && i < out->n; i++)
		r = device_fill_link(&out->items[i]);
	if (r >= 0)
		return 0;
	device_list_deinit(out);
	return r == -ENOMEM ? err_oom(e)
			    : err_errno(e, r, "cannot read the mappings in /sys/bus/rbd/devices");
}

bool device_any(void)
{
	_cleanup_device_list_ struct device_list list = {0};
	_cleanup_err_ struct err *ignored = NULL;

	return device_list(&list, &ignored) < 0 || list.n;
}

static bool ids_match(const struct device *d, const struct device_key *key)
{
	return d->pool_id == key->pool_id && d->snap_id == key->snap_id &&
	       !strcmp(d->image_id, key->image_id) && !strcmp(d->fsid, key->fsid);
}

typedef bool device_test(const struct device *d, const void *data);

static bool is_key(const struct device *d, const void *data)
{
	return ids_match(d, data);
}

struct named {
	const struct spec *spec;
	const char *fsid;	    /* NULL: any */
	const struct device *other; /* but not of this one's image; NULL: any */
};

static bool device_is_named(const struct device *d, const void *data)
{
	const struct named *n = data;

	if (!spec_equal(&d->spec, n->spec) || (n->fsid && strcmp(d->fsid, n->fsid) != 0))
		return false;
	return !n->other || strcmp(d->fsid, n->other->fsid) != 0 ||
	       strcmp(d->image_id, n->other->image_id) != 0;
}

static bool is_dev(const struct device *d, const void *data)
{
	return d->dev == *(const dev_t *)data;
}

/* 1 and *out: the oldest mapping that passes TEST, a writable one before a read-only one; or 0. */
static int device_first(device_test *test, const void *data, struct device *out, struct err **e)
{
	_cleanup_device_list_ struct device_list list = {0};
	struct device *best = NULL;
	int r = device_list(&list, e);

	*out = (struct device){0};
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		struct device *d = &list.items[i];

		if (test(d, data) && (!best || (best->read_only && !d->read_only)))
			best = d;
	}
	if (!best)
		return 0;
	*out = *best;
	*best = (struct device){0};
	return 1;
}

int device_find(const struct device_key *key, struct device *out, struct err **e)
{
	return device_first(is_key, key, out, e);
}

int device_find_spec(const struct spec *spec, const char *fsid, struct device *out, struct err **e)
{
	_cleanup_device_ struct device other = {0};
	struct named named = {.spec = spec, .fsid = fsid};
	int r = device_first(device_is_named, &named, out, e);

	if (r <= 0)
		return r;
	named.other = out;
	r = device_first(device_is_named, &named, &other, e);
	if (r <= 0)
		return r < 0 ? r : 1;
	if (strcmp(out->fsid, other.fsid) != 0)
		err_set(e, ERR_USAGE, -ENOTUNIQ,
			"images of two clusters are attached here as %s/%s: %s (cluster %s) and %s "
			"(%s)",
			spec->pool, spec->image, out->node, out->fsid, other.node, other.fsid);
	else
		err_set(e, ERR_USAGE, -ENOTUNIQ,
			"two images are attached here that had the name %s/%s: %s and %s",
			spec->pool, spec->image, out->node, other.node);
	device_deinit(out);
	return err_hint(e, "give the device instead");
}

struct device_key device_key(const struct device *d)
{
	return (struct device_key){d->fsid, d->pool_id, d->image_id, d->snap_id};
}

/* The whole disk of a partition; DEV itself where it is none. */
static dev_t whole_disk(dev_t dev)
{
	_cleanup_free_ char *text = NULL;
	unsigned major, minor;
	char path[96];

	snprintf(path, sizeof(path), SYS "/dev/block/%u:%u/partition", major(dev), minor(dev));
	if (access(path, F_OK))
		return dev;
	text = file_line(SYS "/dev/block/%u:%u/../dev", major(dev), minor(dev));
	if (!text || sscanf(text, "%u:%u", &major, &minor) != 2)
		return dev;
	return makedev(major, minor);
}

int device_find_path(const char *path, struct device *out, struct err **e)
{
	dev_t dev;
	int r = node_dev(path, &dev, e);

	*out = (struct device){0};
	if (r < 0)
		return r;
	dev = whole_disk(dev);
	r = device_first(is_dev, &dev, out, e);
	if (r == 0)
		return err_set(e, ERR_USAGE, -EINVAL, "%s is not an rbd device", path);
	return r < 0 ? r : 0;
}

static bool was_there(const struct device *d, const struct device_list *before)
{
	for (size_t i = 0; i < before->n; i++)
		if (before->items[i].serial == d->serial)
			return true;
	return false;
}

/* What was written to make D; NULL where the kernel (before 4.9) does not keep it. */
static char *line_of(const struct device *d)
{
	return file_line(SYS "/bus/rbd/devices/%d/config_info", d->id);
}

/* Names are not enough: another thread may be mapping an image of the same names in another
 * cluster. */
static bool is_made_by(const struct device *d, const struct map_request *req, const char *line)
{
	_cleanup_free_ char *made_by = line_of(d);

	return made_by ? !strcmp(made_by, line) : spec_equal(&d->spec, req->spec);
}

/* The mapping that writing LINE made: the kernel does not say its number. */
static int find_new(const struct map_request *req, const char *line,
		    const struct device_list *before, struct device *out, struct err **e)
{
	_cleanup_device_list_ struct device_list after = {0};
	int r = device_list(&after, e);

	if (r < 0)
		return r;
	for (size_t i = after.n; i-- > 0;) {
		struct device *d = &after.items[i];

		if (was_there(d, before) || !is_made_by(d, req, line))
			continue;
		*out = *d;
		*d = (struct device){0};
		return 0;
	}
	return err_set(e, ERR_FAILED, -ENODEV,
		       "the kernel mapped %s/%s, but the mapping is gone again", req->spec->pool,
		       req->spec->image);
}

/* The names led the kernel to an image; is it the one that was meant? */
static int check_identity(const struct map_request *req, const struct device *d, struct err **e)
{
	if (strcmp(d->fsid, req->key.fsid))
		return err_set(e, ERR_FAILED, -EXDEV,
			       "%s/%s was mapped from cluster %s instead of %s: the monitors are "
			       "another cluster's",
			       d->spec.pool, d->spec.image, d->fsid, req->key.fsid);
	if (!ids_match(d, &req->key))
		return err_set(e, ERR_FAILED, -ESTALE,
			       "%s/%s was replaced by another image while it was mapped",
			       d->spec.pool, d->spec.image);
	return 0;
}

static int add_and_find(const struct map_request *req, struct device *out, struct err **e)
{
	_cleanup_kernel_key_ struct kernel_key key = {0};
	_cleanup_device_list_ struct device_list before = {0};
	_cleanup_free_ char *line = NULL;
	int r = krbd_add_line(req, &line, e);

	if (r < 0)
		return r;
	if (req->secret) {
		r = kernel_key_add(req->user, req->secret, &key, e);
		if (r < 0)
			return r;
	}
	r = device_list(&before, e);
	if (r < 0)
		return r;
	FAILPOINT("map.key");
	r = krbd_add(req, line, e);
	FAILPOINT("map.added");
	return r < 0 ? r : find_new(req, line, &before, out, e);
}

int device_map(const struct map_request *req, struct device *out, struct err **e)
{
	_cleanup_device_ struct device d = {0};
	int r = module_load(e);

	*out = (struct device){0};
	if (r < 0)
		return r;
	r = add_and_find(req, &d, e);
	if (r < 0)
		return r;
	r = check_identity(req, &d, e);
	if (r < 0) {
		_cleanup_err_ struct err *ignored = NULL;

		/* The first error is the one that matters; who called looks whether it is gone. */
		device_unmap(&d, false, deadline_in(UNMAP_WAIT_US), &ignored);
		return r;
	}
	*out = d;
	d = (struct device){0};
	return 0;
}

/* Of an unmap that the kernel refuses: since when, how long at most, and who is in the way. */
struct unmapping {
	const struct device *d;
	struct udev_watch *watch;
	uint64_t since_us;
	struct deadline deadline; /* for udev to close the device */
	struct deadline patience; /* for others */
	uint64_t nobody_us;	  /* since when nobody is seen; 0: somebody was, at the last look */
	struct strlist users;
	bool is_udevs;
};

static void unmapping_deinit(struct unmapping *u)
{
	strlist_deinit(&u->users);
}

/* Whether waiting makes sense. Mounts, swaps and holders do not end by themselves, and a program
 * that still has it open after the grace goes on. udev and what its rules start do end. Of what
 * nobody is seen to use only a program that is ending, or udev's next event, can be the cause; and
 * who was seen may have closed it since the kernel refused, so the time for that begins with the
 * first look that sees nobody. */
static bool may_end(struct unmapping *u)
{
	uint64_t waited_us = clock_now_us() - u->since_us;
	_cleanup_err_ struct err *ignored = NULL;

	strlist_deinit(&u->users);
	if (device_lasting_users(u->d, &u->users, &ignored) < 0 || u->users.n)
		return false;
	if (waited_us < OPENER_US)
		return true;
	u->is_udevs = device_is_udevs(u->d);
	if (u->is_udevs) {
		u->nobody_us = 0;
		return !deadline_passed(u->deadline);
	}
	if (device_users(u->d, &u->users, &ignored) < 0 || u->users.n)
		return false;
	if (!u->nobody_us)
		u->nobody_us = clock_now_us();
	if (clock_now_us() - u->nobody_us < NOBODY_US)
		return !deadline_passed(u->deadline);
	return udev_is_busy(u->watch) && !deadline_passed(u->patience);
}

static int refuse_busy(const struct unmapping *u, struct err **e)
{
	_cleanup_free_ char *who = strlist_join(&u->users, "; ", 0);
	const struct device *d = u->d;

	if (!who)
		return err_oom(e);
	if (*who)
		return err_set(e, ERR_BUSY, -EBUSY, "%s (%s) is in use: %s", d->spec.image, d->node,
			       who);
	if (u->is_udevs) {
		err_set(e, ERR_BUSY, -EBUSY, "%s (%s) is in use: udev still has it open",
			d->spec.image, d->node);
		return err_hint(e, "see the journal of systemd-udevd for a rule that hangs");
	}
	err_set(e, ERR_BUSY, -EBUSY,
		"%s (%s) is in use, but its user cannot be found: no mount, swap, layer, export or "
		"open file",
		d->spec.image, d->node);
	return err_hint(e,
			"a file system of another kind may have it as its journal or as a further "
			"device, or a driver that is not known to rbdvol (ZFS, DRBD) uses it");
}

static int unmap_failed(const struct unmapping *u, int code, struct err **e)
{
	const struct device *d = u->d;

	if (code == -EBUSY)
		return refuse_busy(u, e);
	if (code == -EINPROGRESS)
		return err_set(e, ERR_BUSY, code,
			       "cannot unmap %s: another is unmapping it, and that does not end",
			       d->node);
	if (code == -EACCES || code == -EPERM)
		return err_set(e, ERR_NOT_PERMITTED, code, "unmapping %s needs root", d->node);
	return err_errno(e, code, "cannot unmap %s", d->node);
}

/* Write to remove until it works. The kernel says when it is busy, and no one says when it no
 * longer is: udev's events cover the usual case, a slice of time the rest (a program that ends). */
static int remove_it(struct unmapping *u, bool force)
{
	while (krbd_present(u->d)) {
		int r = krbd_remove(u->d->id, force);

		if (r == -ENOENT || r == 0)
			return 0;
		if (r != -EBUSY && r != -EINPROGRESS)
			return r;
		if (r == -EBUSY ? !may_end(u) : deadline_passed(u->patience))
			return r;
		quiet_wait(u->watch, SLICE_US);
	}
	return 0;
}

/* Reads and writes that the cluster has not answered yet; 0 where the kernel does not say. */
static unsigned long in_flight(const struct device *d)
{
	_cleanup_free_ char *text = file_line("/sys/block/rbd%d/inflight", d->id);
	unsigned long reads;
	char *end;

	if (!text)
		return 0;
	reads = strtoul(text, &end, 10);
	return reads + strtoul(end, NULL, 10);
}

/* The value of the last of the map options NAMES (up to '=', or whole) that made D; the caller
 * frees it. NULL: none of them did, or the kernel does not say. Of the words that made the mapping
 * the second has the options. */
static char *last_option_of(const struct device *d, const char *const names[], size_t n)
{
	_cleanup_free_ char *line = line_of(d);
	char *rest = line, *options, *word, *found = NULL;

	options = strsep(&rest, " ") ? strsep(&rest, " ") : NULL;
	while ((word = strsep(&options, ",")))
		for (size_t i = 0; i < n; i++)
			if (!strncmp(word, names[i], strlen(names[i])))
				found = word;
	return found ? strdup(found) : NULL;
}

/* A timeout of 0 is none. */
static bool has_request_timeout(const struct device *d)
{
	static const char *const name[] = {"osd_request_timeout="};
	_cleanup_free_ char *option = last_option_of(d, name, 1);

	return option && strtoul(option + strlen(name[0]), NULL, 10) > 0;
}

bool device_shares_client(const struct device *d)
{
	static const char *const names[] = {"noshare", "share"};
	_cleanup_free_ char *line = line_of(d), *option = last_option_of(d, names, 2);

	return line && (!option || strcmp(option, "noshare") != 0);
}

static bool has_lock(const struct device *d)
{
	_cleanup_free_ char *text = file_line("/sys/bus/rbd/devices/%d/features", d->id);

	return !d->read_only && text && strtoull(text, NULL, 16) & FEATURE_EXCLUSIVE_LOCK;
}

bool device_unmap_unbounded(const struct device *d)
{
	return has_lock(d) && !has_request_timeout(d);
}

/* The kernel ends no device before its requests are answered, force or not, and cannot be stopped
 * while it waits for that: so that is not begun where nothing would end it. */
static int refuse_stuck(const struct device *d, struct udev_watch *watch, struct deadline deadline,
			struct err **e)
{
	struct deadline end = deadline_earlier(deadline, deadline_in(ANSWER_WAIT_US));
	unsigned long n;

	if (has_request_timeout(d))
		return 0;
	while ((n = in_flight(d)) && !deadline_passed(end))
		quiet_wait(watch, SLICE_US);
	if (!n)
		return 0;
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT,
		"cannot end %s: %lu of its requests wait for the cluster, and the kernel ends no "
		"device before they are answered",
		d->node, n);
	return err_hint(e, "restore the cluster or its network; -o osd_request_timeout=SECONDS at "
			   "attach limits the wait");
}

int device_unmap(const struct device *d, bool force, struct deadline deadline, struct err **e)
{
	_cleanup_udev_watch_ struct udev_watch *watch = NULL;
	cleanup(unmapping_deinit) struct unmapping u = {
		.d = d,
		.since_us = clock_now_us(),
		.deadline = deadline,
		.patience = deadline_earlier(deadline, deadline_in(UNMAP_WAIT_US)),
	};
	int r = udev_watch_new(d, &watch, e);

	if (r < 0)
		return r;
	u.watch = watch;
	if (force)
		r = refuse_stuck(d, watch, deadline, e);
	if (r < 0)
		return r;
	r = remove_it(&u, force);
	FAILPOINT("unmap.removed");
	if (r < 0)
		return unmap_failed(&u, r, e);
	/* Who calls has more to do in that time. */
	gone_wait(watch, deadline_earlier(deadline_in(deadline_left_us(deadline) / 2),
					  deadline_in(UNMAP_WAIT_US)));
	return 0;
}

bool device_is_mapped(const struct device *d)
{
	return krbd_present(d);
}

/* Whether what is mapped with D's number now is of the same image. */
static bool is_mapped_again(const struct device *d)
{
	const struct device_key key = device_key(d);
	_cleanup_device_ struct device now = {0};
	_cleanup_err_ struct err *ignored = NULL;

	return device_first(is_dev, &d->dev, &now, &ignored) > 0 && ids_match(&now, &key);
}

int device_wait_gone(const struct device *d, struct deadline deadline, char **stale, struct err **e)
{
	_cleanup_udev_watch_ struct udev_watch *watch = NULL;
	int r = udev_watch_new(NULL, &watch, e);

	*stale = NULL;
	if (r < 0)
		return r;
	for (;;) {
		_cleanup_free_ char *link = NULL;

		r = device_old_link(d, &link);
		if (r < 0)
			return err_oom(e);
		if (!r || is_mapped_again(d))
			return 0;
		if (deadline_passed(deadline) || !udevd_listens()) {
			*stale = steal(&link);
			return 1;
		}
		quiet_wait(watch, SLICE_US);
	}
}
