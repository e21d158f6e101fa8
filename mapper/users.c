/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/users.h"
#include "mapper/keepers.h"
#include "mapper/mapping.h"
#include "mapper/namespaces.h"
#include "mapper/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* --- mounts --- */

struct mounts {
	const struct nodes *nodes;
	struct strlist *out;
	bool *seen; /* nodes that a mount was found of */
};

/* "logdev=/dev/rbd1" and "rtdev=" of an XFS: its other devices, which mountinfo tells as options.
 */
static bool has_option_device(struct libmnt_fs *fs, const char *name, const struct nodes *nodes)
{
	_cleanup_free_ char *path = NULL;
	char *value = NULL;
	size_t len = 0;

	if (mnt_fs_get_option(fs, name, &value, &len) || !value)
		return false;
	path = strndup(value, len);
	return nodes_find(nodes, source_dev(path)) >= 0;
}

static int add_xfs(const struct view *v, struct libmnt_fs *fs, const struct mounts *m)
{
	const char *type = mnt_fs_get_fstype(fs);

	if (!type || strcmp(type, "xfs") ||
	    (!has_option_device(fs, "logdev", m->nodes) &&
	     !has_option_device(fs, "rtdev", m->nodes)))
		return 0;
	return strlist_add(m->out,
			   "used as the log or realtime device of the XFS mounted on %s%s%s",
			   mnt_fs_get_target(fs), v->who ? " " : "", v->who ? v->who : "");
}

static int add_mount(const struct view *v, struct libmnt_fs *fs, ssize_t node, void *data)
{
	const struct mounts *m = data;
	_cleanup_free_ char *layer = NULL;
	bool is_own = node >= 0 && (size_t)node < m->nodes->own;

	if (node >= 0)
		m->seen[node] = true;
	layer = is_own ? NULL : strdup("its Btrfs");
	if (node >= 0 && !is_own)
		layer = node_describe(m->nodes->names[node]);
	if (!is_own && !layer)
		return -ENOMEM;
	return strlist_add(m->out, "%s%smounted on %s%s%s", layer ? layer : "", layer ? " " : "",
			   mnt_fs_get_target(fs), v->who ? " " : "", v->who ? v->who : "");
}

static int add_view(struct view *v, void *data)
{
	const struct mounts *m = data;
	cleanup(mnt_free_iter_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = iter ? each_mount(v, m->nodes, add_mount, data) : -ENOMEM;

	while (r >= 0 && !mnt_table_next_fs(v->table, iter, &fs))
		r = add_xfs(v, fs, m);
	return r;
}

/* --- open files --- */

struct openers {
	const struct nodes *nodes;
	struct strlist *out;
	dev_t filesystem; /* files of it, else the nodes themselves */
	bool thorough;	  /* nodes outside of /dev, too */
	bool all_udev;	  /* those found so far are udev's */
	bool found;
};

static bool is_wanted(const struct openers *o, const struct statx *st)
{
	if (o->filesystem)
		return makedev(st->stx_dev_major, st->stx_dev_minor) == o->filesystem;
	return S_ISBLK(st->stx_mode) &&
	       nodes_find(o->nodes, makedev(st->stx_rdev_major, st->stx_rdev_minor)) >= 0;
}

/* A file may be on a file system that hangs: then its descriptor is asked, not its path. */
static bool is_wanted_file(const struct process *p, const char *fd, const char *shown,
			   const struct openers *o)
{
	_cleanup_close_ int taken = -1;
	struct statx st;
	char path[32];

	snprintf(path, sizeof(path), "fd/%.16s", fd);
	if (!strncmp(shown, "/dev/", 5) && !o->filesystem)
		return !statx(p->fd, path, AT_STATX_DONT_SYNC, STATX_TYPE, &st) &&
		       is_wanted(o, &st);
	if (!o->thorough || *shown != '/')
		return false;
	taken = process_take_file(p, fd);
	return taken >= 0 &&
	       !statx(taken, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) &&
	       is_wanted(o, &st);
}

static int add_opener(const struct process *p, const char *fd, const char *shown, void *data)
{
	struct openers *o = data;
	int r;

	if (!is_wanted_file(p, fd, shown, o))
		return 0;
	o->found = true;
	o->all_udev &= process_is_udev(p) || strstr(p->comm, "udev");
	r = !o->out ? 0
		    : strlist_add(o->out,
				  o->filesystem ? "%s (pid %s) has a file of it open"
						: "open in %s (pid %s)",
				  p->comm, p->pid);
	return r < 0 ? r : 1; /* once for a process */
}

static int add_openers(const struct process *p, void *data)
{
	return each_open_file(p, add_opener, data);
}

/* --- what no mount shows --- */

/* Who has files open of a file system that is unmounted lazily. */
static int add_unseen(const struct nodes *nodes, size_t node, const char *type, struct strlist *out)
{
	_cleanup_strlist_ struct strlist who = {0};
	_cleanup_free_ char *names = NULL;
	struct openers o = {
		.nodes = nodes, .out = &who, .filesystem = nodes->devs[node], .thorough = true};
	int r = strcmp(type, "btrfs") ? each_process(add_openers, &o) : 0;

	names = strlist_join(&who, ", ", 5);
	if (r < 0 || !names)
		return r < 0 ? r : -ENOMEM;
	return strlist_add(out, "its %s (%s) is mounted where no mount namespace shows it%s%s",
			   type, nodes->names[node], *names ? ": unmounted lazily, " : "", names);
}

static int add_all_unseen(const struct nodes *nodes, const bool *seen, struct strlist *out)
{
	size_t mounts = out->n;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < nodes->n; i++) {
		const char *type = seen[i] ? NULL : node_filesystem(nodes->names[i]);

		if (type && (!mounts || strcmp(type, "btrfs")))
			r = add_unseen(nodes, i, type, out);
	}
	return r;
}

static int add_lasting(struct nodes *nodes, struct strlist *out)
{
	bool seen[NODES_MAX] = {0};
	struct mounts m = {.nodes = nodes, .out = out, .seen = seen};
	int r = nodes_add_all(nodes);

	if (r < 0)
		return r;
	r = each_view(add_view, &m, NULL);
	if (r < 0)
		return r;
	r = add_all_unseen(nodes, seen, out);
	return r < 0 ? r : add_keepers(nodes, out);
}

static int told(int r, const struct device *d, struct err **e)
{
	if (r == -ENOMEM)
		return err_oom(e);
	return r < 0 ? err_errno(e, r, "cannot find out who uses %s", d->node) : 0;
}

int device_lasting_users(const struct device *d, struct strlist *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};
	int r = nodes_init(&nodes, d);

	return told(r < 0 ? r : add_lasting(&nodes, out), d, e);
}

/* The usual path first: it is the cheaper one, by far. */
static int look_for_openers(struct openers *o)
{
	int r = each_process(add_openers, o);

	if (r < 0 || o->found)
		return r;
	o->thorough = true;
	return each_process(add_openers, o);
}

int device_users(const struct device *d, struct strlist *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0}, own = {0};
	struct openers o = {.nodes = &own, .out = out};
	int r = nodes_init(&nodes, d);

	if (r >= 0)
		r = nodes_init(&own, d);
	if (r >= 0)
		r = add_lasting(&nodes, out);
	if (r >= 0)
		r = look_for_openers(&o);
	return told(r, d, e);
}

bool device_is_udevs(const struct device *d)
{
	cleanup(nodes_deinit) struct nodes own = {0};
	struct openers o = {.nodes = &own, .all_udev = true};

	return nodes_init(&own, d) >= 0 && look_for_openers(&o) >= 0 && o.found && o.all_udev;
}

/* --- mounts of our own namespace --- */

static int add_path(const struct view *v, struct libmnt_fs *fs, ssize_t node, void *data)
{
	(void)v, (void)node;
	return strlist_add(data, "%s", mnt_fs_get_target(fs));
}

int device_mounts(const struct device *d, struct strlist *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};
	cleanup(mnt_unref_table_p) struct libmnt_table *table = mnt_new_table();
	const struct view own = {.root = "", .table = table};
	int r = nodes_init(&nodes, d);

	if (r >= 0)
		r = nodes_add_all(&nodes);
	if (r >= 0)
		r = table ? mnt_table_parse_file(table, "/proc/thread-self/mountinfo") : -ENOMEM;
	if (r >= 0)
		r = each_mount(&own, &nodes, add_path, out);
	if (r == -ENOMEM)
		return err_oom(e);
	return r < 0 ? err_errno(e, r, "cannot read the table of mounts") : 0;
}
