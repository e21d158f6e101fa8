/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/ready.h"
#include "base/str.h"
#include "mapper/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <libudev.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/file.h"
#include "mapper/krbd.h"

#define LINKS	     "/dev/rbdvol/"
#define RECEIVE_SIZE (2 * 1024 * 1024) /* bytes: some thousand events */
#define PATIENCE_US  USEC_PER_SEC      /* of silence, before asking whether anything will come */

struct udev_watch {
	struct udev *udev;
	struct udev_monitor *monitor;
	struct udev_queue *queue;
	const struct device *leaving;
	bool left;
};

static void udev_device_drop(struct udev_device *dev)
{
	udev_device_unref(dev);
}
DEFINE_CLEANUP(struct udev_device *, udev_device_drop)

static void udev_enumerate_drop(struct udev_enumerate *en)
{
	udev_enumerate_unref(en);
}
DEFINE_CLEANUP(struct udev_enumerate *, udev_enumerate_drop)

void udev_watch_free(struct udev_watch *w)
{
	udev_queue_unref(w->queue);
	udev_monitor_unref(w->monitor);
	udev_unref(w->udev);
	free(w);
}

int udev_watch_new(const struct device *leaving, struct udev_watch **out, struct err **e)
{
	_cleanup_udev_watch_ struct udev_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return err_oom(e);
	w->udev = udev_new();
	w->queue = w->udev ? udev_queue_new(w->udev) : NULL;
	w->monitor = w->udev ? udev_monitor_new_from_netlink(w->udev, "udev") : NULL;
	if (!w->monitor || !w->queue)
		return err_errno(e, errno ? -errno : -ENOMEM, "cannot listen to udev");
	/* A smaller buffer serves too, with more looking again. */
	(void)udev_monitor_set_receive_buffer_size(w->monitor, RECEIVE_SIZE);
	r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "block", NULL);
	if (r >= 0)
		r = udev_monitor_enable_receiving(w->monitor);
	if (r < 0)
		return err_errno(e, r, "cannot listen to udev");
	w->leaving = leaving;
	*out = steal(&w);
	return 0;
}

static bool property_is(struct udev_device *dev, const char *name, const char *value)
{
	const char *have = udev_device_get_property_value(dev, name);

	return value ? have && !strcmp(have, value) : !have;
}

/* Whether NAME, of DEV's properties, is that of D's block device; where the kernel numbers none,
 * all are alike. */
static bool has_diskseq(struct udev_device *dev, const char *name, const struct device *d)
{
	char seq[24];

	snprintf(seq, sizeof(seq), "%" PRIu64, d->diskseq);
	return !d->diskseq || property_is(dev, name, seq);
}

static bool is_end_of(struct udev_device *dev, const struct device *d)
{
	const char *action = udev_device_get_action(dev), *node = udev_device_get_devnode(dev);

	return action && !strcmp(action, "remove") && node && !strcmp(node, d->node) &&
	       has_diskseq(dev, "DISKSEQ", d);
}

/* Wait for any event until DEADLINE, and take all that came; what they say is for a look to find
 * out, but for the end of who is leaving. False when time is over. */
static bool watch_wait(struct udev_watch *w, struct deadline deadline)
{
	struct pollfd p = {.fd = udev_monitor_get_fd(w->monitor), .events = POLLIN};
	struct udev_device *dev;
	int n = poll(&p, 1, deadline_poll_ms(deadline));

	if (n == 0 || (n < 0 && errno != EINTR))
		return false;
	for (;;) {
		errno = 0;
		dev = udev_monitor_receive_device(w->monitor);
		if (!dev && errno != ENOBUFS)
			return true;
		if (dev && w->leaving && is_end_of(dev, w->leaving))
			w->left = true;
		udev_device_unref(dev);
	}
}

/* Whether a udevd (or systemd, which would start it) listens. The file of its socket alone says
 * little: it stays behind when udevd ends. */
bool udevd_listens(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/udev/control"};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return true;
	return errno != ENOENT && errno != ECONNREFUSED;
}

static char *by_id_path(const struct device *d)
{
	char snap[24] = "", *out;

	if (!*d->image_id)
		return NULL;
	if (d->snap_id != KRBD_HEAD)
		snprintf(snap, sizeof(snap), "@%" PRIu64, d->snap_id);
	if (str_printf(&out, LINKS "by-id/%s-%" PRId64 "-%s%s", d->fsid, d->pool_id, d->image_id,
		       snap) < 0)
		return NULL;
	return out;
}

static char *name_path(const struct device *d)
{
	_cleanup_free_ char *name = spec_link_name(&d->spec);
	char *out;

	if (!name || str_printf(&out, LINKS "%s", name) < 0)
		return NULL;
	return out;
}

/* The block device that PATH leads to; 0: none. */
static dev_t leads_to(const char *path)
{
	struct stat st;

	return !path || stat(path, &st) || !S_ISBLK(st.st_mode) ? 0 : st.st_rdev;
}

int device_fill_link(struct device *d)
{
	_cleanup_free_ char *name = name_path(d), *id = by_id_path(d);

	free(d->link);
	d->link = NULL;
	if (!name)
		return -ENOMEM;
	if (leads_to(name) == d->dev)
		d->link = steal(&name);
	else if (leads_to(id) == d->dev)
		d->link = steal(&id);
	return 0;
}

enum look {
	LOOK_READY,
	LOOK_WAIT,     /* udev has not processed it yet */
	LOOK_NO_RULES, /* udev has, without our rules */
	LOOK_NO_LINK,  /* with our rules, but no link came of it */
};

/* Whether what udev's database says is of this mapping, and not of one that had the same number
 * before and whose end udev has not processed yet. */
static bool kernel_device_is_of(struct udev_device *dev, const struct device *d)
{
	char pool[24], snap[24];

	snprintf(pool, sizeof(pool), "%" PRId64, d->pool_id);
	snprintf(snap, sizeof(snap), "%" PRIu64, d->snap_id);
	return property_is(dev, "ID_RBD_POOL_ID", pool) &&
	       property_is(dev, "ID_RBD_IMAGE_ID", *d->image_id ? d->image_id : NULL) &&
	       property_is(dev, "ID_RBD_SNAP_ID", d->snap_id == KRBD_HEAD ? NULL : snap) &&
	       has_diskseq(dev, "ID_RBD_DISKSEQ", d);
}

/* Whether udev is done with the partitions too. The kernel has made them all before it returns from
 * the map; udev processes them after their disk, since theirs is a path below it. */
static bool partitions_ready(struct udev_watch *w, struct udev_device *disk, const struct device *d)
{
	cleanup(udev_enumerate_drop_p) struct udev_enumerate *en = udev_enumerate_new(w->udev);
	struct udev_list_entry *entry;

	if (!en || udev_enumerate_add_match_parent(en, disk) < 0 ||
	    udev_enumerate_add_match_property(en, "DEVTYPE", "partition") < 0 ||
	    udev_enumerate_scan_devices(en) < 0)
		return true; /* they are a courtesy: the device itself is ready */
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(en)) {
		cleanup(udev_device_drop_p) struct udev_device *part =
			udev_device_new_from_syspath(w->udev, udev_list_entry_get_name(entry));

		if (part &&
		    (!udev_device_get_is_initialized(part) || !kernel_device_is_of(part, d)))
			return false;
	}
	return true;
}

static char *describe_kind(const char *path, mode_t mode)
{
	const char *kind = S_ISREG(mode) ? "plain file" : "special file";
	char *out;

	str_printf(&out, "%s is a %s", path, S_ISDIR(mode) ? "directory" : kind);
	return out;
}

/* What is at PATH, or at a part of it, where a link or a directory should be; NULL: nothing. The
 * caller frees it. */
static char *what_is_in_the_way(const char *path)
{
	_cleanup_free_ char *part = strdup(path);
	struct stat st;

	if (!part)
		return NULL;
	for (char *c = part + strlen(LINKS);; c++) {
		char end = *c;

		if (end && end != '/')
			continue;
		*c = '\0';
		if (!lstat(part, &st) && !S_ISLNK(st.st_mode) && (!end || !S_ISDIR(st.st_mode)))
			return describe_kind(part, st.st_mode);
		if (!end)
			return NULL;
		*c = end;
	}
}

/* Whether there cannot be a link PATH: an image and a namespace of one name. The one that came
 * first has a link there, below which there can be nothing, or a directory. */
static bool is_blocked(const char *path)
{
	_cleanup_free_ char *other = NULL;
	struct stat st;

	if (path && !lstat(path, &st))
		return S_ISDIR(st.st_mode);
	if (!path || errno != ENOTDIR)
		return false;
	other = what_is_in_the_way(path);
	return !other;
}

/* Look at udev's database, then at the link. An older mapping of the same image may own both names:
 * then there is no link to wait for. */
static enum look ready_look(struct udev_watch *w, struct device *d)
{
	cleanup(udev_device_drop_p) struct udev_device *dev =
		udev_device_new_from_devnum(w->udev, 'b', d->dev);
	_cleanup_free_ char *name = NULL;

	if (!dev || !udev_device_get_is_initialized(dev))
		return LOOK_WAIT;
	if (!udev_device_get_property_value(dev, "ID_RBD_POOL_ID"))
		return LOOK_NO_RULES;
	if (!kernel_device_is_of(dev, d) || !partitions_ready(w, dev, d))
		return LOOK_WAIT;
	if (device_fill_link(d) < 0)
		return LOOK_NO_LINK;
	name = name_path(d);
	d->name_blocked = !leads_to(name) && is_blocked(name);
	if (d->link && d->name_blocked)
		return LOOK_READY;
	if (d->link && !strncmp(d->link, LINKS "by-id/", strlen(LINKS "by-id/")))
		return leads_to(name) ? LOOK_READY : LOOK_NO_LINK;
	return d->link || leads_to(name) ? LOOK_READY : LOOK_NO_LINK;
}

static int no_link(const struct device *d, const char *name, struct err **e)
{
	_cleanup_free_ char *found = name ? what_is_in_the_way(name) : NULL;

	err_set(e, ERR_FAILED, -ENOENT, "udev has processed %s, but there is no %s%s%s", d->node,
		name ? name : "link", found ? ": " : "", found ? found : "");
	if (found && strstr(found, "plain file"))
		return err_hint(e,
				"a program wrote to that name while no volume was attached (with "
				"dd, for example): look at it and remove it");
	return err_hint(e, "is a directory of that name there (an image and a namespace with one "
			   "name), or another file?");
}

static int not_ready(const struct device *d, enum look why, struct err **e)
{
	_cleanup_free_ char *name = name_path(d);

	if (why == LOOK_NO_RULES) {
		err_set(e, ERR_FAILED, -ENOENT, "udev knows %s, but not rbdvol's rules", d->node);
		return err_hint(e, "install 59-rbdvol.rules in /usr/lib/udev/rules.d, and see that "
				   "no empty file of that name in /etc/udev/rules.d hides it");
	}
	if (why == LOOK_NO_LINK)
		return no_link(d, name, e);
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "udev has not processed %s in time", d->node);
	return err_hint(e, "see 'udevadm settle' and the journal of systemd-udevd for an event "
			   "that hangs");
}

static int no_udevd(const struct device *d, struct err **e)
{
	err_set(e, ERR_FAILED, -ENOENT, "no link for %s: systemd-udevd is not running", d->node);
	return err_hint(e, "start systemd-udevd");
}

/* The rules may be newer than the device: udev looks at it and its partitions again. */
static void look_again(const struct device *d)
{
	const char *name = d->node + strlen("/dev/");
	char pattern[96];
	glob_t files;

	snprintf(pattern, sizeof(pattern), "/sys/block/%s{,/%sp*}/uevent", name, name);
	if (glob(pattern, GLOB_BRACE, NULL, &files))
		return;
	for (size_t i = 0; i < files.gl_pathc; i++)
		(void)!file_write_once(AT_FDCWD, files.gl_pathv[i], "change");
	globfree(&files);
}

int device_wait_ready(struct device *d, struct deadline deadline, struct err **e)
{
	_cleanup_udev_watch_ struct udev_watch *w = NULL;
	bool asked = false;
	enum look found;
	int r = udev_watch_new(NULL, &w, e);

	if (r < 0)
		return r;
	while ((found = ready_look(w, d)) != LOOK_READY) {
		bool heard;

		if (found == LOOK_NO_RULES && !asked) {
			asked = true;
			look_again(d);
		}
		heard = watch_wait(w, deadline_earlier(deadline, deadline_in(PATIENCE_US)));
		if (!heard && !udevd_listens())
			return no_udevd(d, e);
		/* Not a word, and udev has nothing left to do: this is how it stays. */
		if (!heard && found != LOOK_WAIT && udev_queue_get_queue_is_empty(w->queue) &&
		    ready_look(w, d) == found)
			return not_ready(d, found, e);
		if (deadline_passed(deadline) && (found = ready_look(w, d)) != LOOK_READY)
			return not_ready(d, found, e);
	}
	return 0;
}

/* Whether the link PATH names D's node, be that there or not. */
static bool names_node(const char *path, const struct device *d)
{
	char target[PATH_MAX];
	ssize_t n = path ? readlink(path, target, sizeof(target) - 1) : -1;
	const char *last;

	if (n < 0)
		return false;
	target[n] = '\0';
	last = strrchr(target, '/');
	return !strcmp(last ? last + 1 : target, d->node + strlen("/dev/"));
}

int device_old_link(const struct device *d, char **out)
{
	_cleanup_free_ char *name = name_path(d), *id = by_id_path(d);

	if (!name)
		return -ENOMEM;
	*out = NULL;
	if (names_node(name, d))
		*out = steal(&name);
	else if (names_node(id, d))
		*out = steal(&id);
	return *out != NULL;
}

bool udev_is_busy(struct udev_watch *w)
{
	return !udev_queue_get_queue_is_empty(w->queue);
}

void gone_wait(struct udev_watch *w, struct deadline deadline)
{
	while (!w->left && !deadline_passed(deadline)) {
		bool heard = watch_wait(w, deadline_earlier(deadline, deadline_in(PATIENCE_US)));

		if (!heard && (udev_queue_get_queue_is_empty(w->queue) || !udevd_listens()))
			return;
	}
}

void quiet_wait(struct udev_watch *w, uint64_t slice_us)
{
	struct pollfd p[2] = {
		{.fd = udev_monitor_get_fd(w->monitor), .events = POLLIN},
		{.fd = udev_queue_get_fd(w->queue), .events = POLLIN},
	};
	bool busy = !udev_queue_get_queue_is_empty(w->queue);
	int n = poll(p, busy ? 2 : 1, deadline_poll_ms(deadline_in(slice_us)));

	if (n > 0 && p[1].revents)
		udev_queue_flush(w->queue);
	if (n > 0 && p[0].revents)
		watch_wait(w, (struct deadline){0});
}
