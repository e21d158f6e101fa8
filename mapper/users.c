/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All from /proc and sysfs: nothing here opens the device, and nothing asks a file system that may
 * hang. A process that ends meanwhile is left out. */
#include "mapper/users.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "mapper/users-internal.h"

static void table_unref(struct libmnt_table *t)
{
	mnt_unref_table(t);
}
DEFINE_CLEANUP(struct libmnt_table *, table_unref)

static void iter_free(struct libmnt_iter *i)
{
	mnt_free_iter(i);
}
DEFINE_CLEANUP(struct libmnt_iter *, iter_free)

void nodes_deinit(struct nodes *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	free(s->block);
}

static bool nodes_have(const struct nodes *s, dev_t dev)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->devs[i] == dev)
			return true;
	return false;
}

static int nodes_add(struct nodes *s, const char *name, dev_t dev)
{
	s->names[s->n] = strdup(name);
	if (!s->names[s->n])
		return -ENOMEM;
	s->devs[s->n++] = dev;
	return 0;
}

/* Add the device whose folder in DIRFD is NAME, with PREFIX before it. */
static int nodes_add_folder(struct nodes *s, int dirfd, const char *prefix, const char *name)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	unsigned major, minor;

	if (s->n == ARRAY_SIZE(s->devs))
		return 0;
	if (asprintf(&path, "%s%s/dev", prefix, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (file_read_line(dirfd, path, &text) < 0 || sscanf(text, "%u:%u", &major, &minor) != 2)
		return 0;
	return nodes_have(s, makedev(major, minor)) ? 0 : nodes_add(s, name, makedev(major, minor));
}

/* Anything else in the device's folder is no partition. */
static int nodes_add_partition(struct nodes *s, int dirfd, const char *name)
{
	return strncmp(name, "rbd", 3) ? 0 : nodes_add_folder(s, dirfd, "", name);
}

int nodes_init(struct nodes *s, const struct device *d)
{
	cleanup(dir_close_p) DIR *dir = NULL;
	const struct dirent *entry;
	char name[16];

	snprintf(name, sizeof(name), "rbd%d", d->id);
	if (asprintf(&s->block, "/sys/block/%s", name) < 0) {
		s->block = NULL;
		return -ENOMEM;
	}
	if (nodes_add(s, name, d->dev) < 0)
		return -ENOMEM;
	dir = opendir(s->block);
	while (dir && (entry = readdir(dir)))
		if (nodes_add_partition(s, dirfd(dir), entry->d_name) < 0)
			return -ENOMEM;
	return 0;
}

/* What stands on one of the nodes, and what stands on that, and so on: the list grows meanwhile. */
int nodes_add_holders(struct nodes *s)
{
	for (size_t i = 0; i < s->n; i++) {
		_cleanup_free_ char *path = NULL;
		cleanup(dir_close_p) DIR *dir = NULL;
		const struct dirent *entry;

		if (asprintf(&path, "/sys/class/block/%s/holders", s->names[i]) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		dir = opendir(path);
		while (dir && (entry = readdir(dir)))
			if (entry->d_name[0] != '.' &&
			    nodes_add_folder(s, AT_FDCWD, "/sys/class/block/", entry->d_name) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* The device number behind a path below /dev; 0 where it is none. */
static dev_t source_dev(const char *path)
{
	struct stat st;

	if (!path || strncmp(path, "/dev/", 5) || stat(path, &st) || !S_ISBLK(st.st_mode))
		return 0;
	return st.st_rdev;
}

/* Some file systems (btrfs) have device numbers of their own: there the source tells. */
static bool mount_is_of(struct libmnt_fs *fs, const struct nodes *nodes)
{
	return nodes_have(nodes, mnt_fs_get_devno(fs)) ||
	       (!major(mnt_fs_get_devno(fs)) &&
		nodes_have(nodes, source_dev(mnt_fs_get_srcpath(fs))));
}

int each_mount(const char *file, const struct nodes *nodes,
	       int (*fn)(struct libmnt_fs *fs, void *data), void *data)
{
	cleanup(table_unref_p) struct libmnt_table *table = mnt_new_table();
	cleanup(iter_free_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r;

	if (!table || !iter)
		return -ENOMEM;
	r = mnt_table_parse_file(table, file);
	if (r)
		return r < 0 ? r : 0;
	while (!mnt_table_next_fs(table, iter, &fs)) {
		r = mount_is_of(fs, nodes) ? fn(fs, data) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

struct own_mounts {
	struct strlist *out;
	bool writable;
};

static int add_own_mount(struct libmnt_fs *fs, void *data)
{
	struct own_mounts *m = data;

	if (m->writable && (mnt_fs_match_options(fs, "ro")))
		return 0;
	return strlist_add(m->out, "%s", mnt_fs_get_target(fs));
}

int device_mounts(const struct device *d, bool writable, struct strlist *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};
	struct own_mounts m = {.out = out, .writable = writable};
	int r = nodes_init(&nodes, d);

	if (r >= 0)
		r = each_mount("/proc/thread-self/mountinfo", &nodes, add_own_mount, &m);
	if (r == -ENOMEM)
		return err_oom(e);
	return r < 0 ? err_errno(e, r, "cannot read the table of mounts") : 0;
}

static int add_own_user(struct libmnt_fs *fs, void *data)
{
	return strlist_add(data, "mounted on %s", mnt_fs_get_target(fs));
}

struct other_mounts {
	struct strlist *out;
	const char *pid, *comm;
};

static int add_other_user(struct libmnt_fs *fs, void *data)
{
	struct other_mounts *m = data;

	return strlist_add(m->out, "mounted on %s in the mount namespace of %s (pid %s)",
			   mnt_fs_get_target(fs), m->comm, m->pid);
}

static void process_deinit(struct process *p)
{
	free(p->comm);
	cleanup_closep(&p->fd);
}

/* False where NAME is no process, or one that has ended. */
static bool process_init(struct process *p, int procfd, const char *name)
{
	p->pid = name;
	if (!isdigit((unsigned char)*name))
		return false;
	p->fd = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return p->fd >= 0 && file_read_line(p->fd, "comm", &p->comm) >= 0;
}

int each_process(int (*fn)(const struct process *p, void *data), void *data)
{
	cleanup(dir_close_p) DIR *dir = opendir("/proc");
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		cleanup(process_deinit) struct process p = {.fd = -1};
		int r = process_init(&p, dirfd(dir), entry->d_name) ? fn(&p, data) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

void walk_deinit(struct walk *w)
{
	free(w->seen);
}

int walk_namespace(struct walk *w, int procfd, const char *path)
{
	struct stat st;
	ino_t *grown;

	if (fstatat(procfd, path, &st, 0))
		return 0;
	for (size_t i = 0; i < w->n; i++)
		if (w->seen[i] == st.st_ino)
			return 0;
	grown = reallocarray(w->seen, w->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	w->seen = grown;
	w->seen[w->n++] = st.st_ino;
	return 1;
}

int walk_own(struct walk *w)
{
	int r = walk_namespace(w, AT_FDCWD, "/proc/thread-self/ns/mnt");

	return r < 0 ? r : walk_namespace(w, AT_FDCWD, "/proc/self/ns/mnt");
}

static int add_process_mounts(const struct process *p, void *data)
{
	struct walk *w = data;
	struct other_mounts m = {.out = w->out, .pid = p->pid, .comm = p->comm};
	char path[64];
	int r = walk_namespace(w, p->fd, "ns/mnt");

	if (r <= 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%s/mountinfo", p->pid);
	r = each_mount(path, w->nodes, add_other_user, &m);
	return r == -ENOMEM ? r : 0;
}

static int add_mounts(const struct nodes *nodes, struct strlist *out)
{
	cleanup(walk_deinit) struct walk w = {.nodes = nodes, .out = out};
	int r = walk_own(&w);

	if (r >= 0)
		r = each_mount("/proc/thread-self/mountinfo", nodes, add_own_user, out);
	return r < 0 ? r : each_process(add_process_mounts, &w);
}

static int add_swaps(const struct nodes *nodes, struct strlist *out)
{
	cleanup(table_unref_p) struct libmnt_table *table = mnt_new_table();
	cleanup(iter_free_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	if (!table || !iter)
		return -ENOMEM;
	if (mnt_table_parse_swaps(table, NULL))
		return 0;
	while (!mnt_table_next_fs(table, iter, &fs))
		if (nodes_have(nodes, source_dev(mnt_fs_get_source(fs))) &&
		    strlist_add(out, "used as swap") < 0)
			return -ENOMEM;
	return 0;
}

/* A device that stands on ours: device mapper, md, bcache. */
static int add_holder(const char *holder, struct strlist *out)
{
	_cleanup_free_ char *path = NULL, *name = NULL;

	if (asprintf(&path, "/sys/block/%s/dm/name", holder) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (file_read_line(AT_FDCWD, path, &name) < 0)
		return strlist_add(out, "held by %s", holder);
	return strlist_add(out, "held by %s (%s)", holder, name);
}

static int add_holders(const struct nodes *nodes, struct strlist *out)
{
	for (size_t i = 0; i < nodes->n; i++) {
		_cleanup_free_ char *path = NULL;
		cleanup(dir_close_p) DIR *dir = NULL;
		const struct dirent *entry;

		if (asprintf(&path, "%s%s%s/holders", nodes->block, i ? "/" : "",
			     i ? nodes->names[i] : "") < 0) {
			path = NULL;
			return -ENOMEM;
		}
		dir = opendir(path);
		while (dir && (entry = readdir(dir)))
			if (entry->d_name[0] != '.' && add_holder(entry->d_name, out) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* Loop devices are no holders to the kernel; what backs one is told by its path. */
static int add_loop(const struct nodes *nodes, const char *name, struct strlist *out)
{
	_cleanup_free_ char *path = NULL, *backing = NULL;

	if (asprintf(&path, "/sys/block/%s/loop/backing_file", name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (file_read_line(AT_FDCWD, path, &backing) < 0 || !nodes_have(nodes, source_dev(backing)))
		return 0;
	return strlist_add(out, "held by %s (a loop device)", name);
}

static int add_loops(const struct nodes *nodes, struct strlist *out)
{
	cleanup(dir_close_p) DIR *dir = opendir("/sys/block");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "loop", 4) && add_loop(nodes, entry->d_name, out) < 0)
			return -ENOMEM;
	return 0;
}

/* Whether descriptor NAME of a process is one of NODES; only what stat can't hang on is asked. */
static bool is_open_node(int fdsfd, const char *name, const struct nodes *nodes)
{
	char target[6];
	struct statx st;

	if (readlinkat(fdsfd, name, target, sizeof(target)) < 6 || memcmp(target, "/dev/", 5))
		return false;
	if (statx(fdsfd, name, AT_STATX_DONT_SYNC, STATX_TYPE, &st) || !S_ISBLK(st.stx_mode))
		return false;
	return nodes_have(nodes, makedev(st.stx_rdev_major, st.stx_rdev_minor));
}

static int add_opener(const struct process *p, void *data)
{
	struct walk *w = data;
	cleanup(dir_close_p) DIR *dir = NULL;
	_cleanup_close_ int fd = openat(p->fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;

	if (fd >= 0)
		dir = fdopendir(fd);
	if (dir)
		fd = -1;
	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    is_open_node(dirfd(dir), entry->d_name, w->nodes))
			return strlist_add(w->out, "open in %s (pid %s)", p->comm, p->pid);
	return 0;
}

static int add_lasting(const struct nodes *nodes, struct strlist *out)
{
	int r = add_mounts(nodes, out);

	if (r >= 0)
		r = add_swaps(nodes, out);
	if (r >= 0)
		r = add_holders(nodes, out);
	return r < 0 ? r : add_loops(nodes, out);
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

int device_users(const struct device *d, struct strlist *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};
	struct walk w = {.nodes = &nodes, .out = out};
	int r = nodes_init(&nodes, d);

	if (r >= 0)
		r = add_lasting(&nodes, out);
	if (r >= 0)
		r = each_process(add_opener, &w);
	return told(r, d, e);
}
