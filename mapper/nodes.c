/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/str.h"
#include "mapper/mapping.h"
#include "mapper/nodes.h"

#define CLASS "/sys/class/block/"
#define BTRFS "/sys/fs/btrfs/"

void nodes_deinit(struct nodes *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	mnt_unref_table(s->mounts);
}

ssize_t nodes_find(const struct nodes *s, dev_t dev)
{
	for (size_t i = 0; dev && i < s->n; i++)
		if (s->devs[i] == dev)
			return (ssize_t)i;
	return -1;
}

bool nodes_have_peer(const struct nodes *s, dev_t dev)
{
	for (size_t i = 0; dev && i < s->peers_n; i++)
		if (s->peers[i] == dev)
			return true;
	return false;
}

int each_entry(const char *path, const char *prefix, int (*fn)(const char *name, void *data),
	       void *data)
{
	_cleanup_dir_ DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int r = 0;

		if (entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix)))
			r = fn(entry->d_name, data);
		if (r)
			return r;
	}
	return 0;
}

/* The number of the block device NAME; 0: it is gone. */
static dev_t dev_of(const char *name)
{
	_cleanup_free_ char *text = file_line(CLASS "%s/dev", name);
	unsigned major, minor;

	if (!text || sscanf(text, "%u:%u", &major, &minor) != 2)
		return 0;
	return makedev(major, minor);
}

/* --- paths --- */

static bool is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return !strncmp(path, directory, n) && (n == 1 || !path[n] || path[n] == '/');
}

static bool read_mounts(struct nodes *s)
{
	if (!s->mounts)
		s->mounts = mnt_new_table();
	return s->mounts && (mnt_table_get_nents(s->mounts) ||
			     !mnt_table_parse_file(s->mounts, "/proc/thread-self/mountinfo"));
}

bool path_is_remote(struct nodes *s, const char *path)
{
	cleanup(mnt_free_iter_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	bool remote = false;
	struct libmnt_fs *fs;
	size_t longest = 0;

	if (!iter || !read_mounts(s))
		return true;
	while (!mnt_table_next_fs(s->mounts, iter, &fs)) {
		const char *target = mnt_fs_get_target(fs), *type = mnt_fs_get_fstype(fs);

		if (!target || !type || strlen(target) < longest || !is_below(path, target))
			continue;
		longest = strlen(target);
		remote = mnt_fs_is_netfs(fs) || !strncmp(type, "fuse", 4);
	}
	return remote;
}

/* --- nodes --- */

static int nodes_add(struct nodes *s, const char *name, bool nested)
{
	dev_t dev = dev_of(name);

	if (!dev || s->n == NODES_MAX || nodes_find(s, dev) >= 0)
		return 0;
	s->names[s->n] = strdup(name);
	if (!s->names[s->n])
		return -ENOMEM;
	s->nested[s->n] = nested;
	s->devs[s->n++] = dev;
	return 0;
}

/* What is added stands on node AT. */
struct step {
	struct nodes *s;
	size_t at;
};

static int add_name(const char *name, void *data)
{
	const struct step *step = data;

	return nodes_add(step->s, name, step->s->nested[step->at]);
}

/* The partitions of a disk are directories of its own that begin with its name. */
static int add_partitions(struct nodes *s, size_t at)
{
	struct step step = {s, at};
	const char *disk = s->names[at];
	_cleanup_free_ char *path = NULL;

	if (str_printf(&path, CLASS "%s", disk) < 0)
		return -ENOMEM;
	return each_entry(path, disk, add_name, &step);
}

int nodes_init(struct nodes *s, const struct device *d)
{
	char name[16];
	int r;

	snprintf(name, sizeof(name), "rbd%d", d->id);
	r = nodes_add(s, name, false);
	if (r >= 0)
		r = s->n ? add_partitions(s, 0) : 0;
	s->own = s->n;
	return r;
}

static int add_holders(struct nodes *s, size_t at)
{
	struct step step = {s, at};
	_cleanup_free_ char *path = NULL;

	if (str_printf(&path, CLASS "%s/holders", s->names[at]) < 0)
		return -ENOMEM;
	return each_entry(path, "", add_name, &step);
}

dev_t source_dev(const char *path)
{
	struct stat st;

	if (!path || strncmp(path, "/dev/", 5) || stat(path, &st) || !S_ISBLK(st.st_mode))
		return 0;
	return st.st_rdev;
}

/* The kernel asks the backing file for its state, so that it must not be one that can hang. */
struct backing loop_backing(struct nodes *s, const char *name)
{
	_cleanup_free_ char *path = NULL, *file = file_line(CLASS "%s/loop/backing_file", name);
	_cleanup_close_ int fd = -1;
	struct loop_info64 info;

	if (!file || path_is_remote(s, file) || str_printf(&path, "/dev/%s", name) < 0)
		return (struct backing){0};
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return (struct backing){source_dev(file), 0};
	/* The kernel's own encoding of numbers, as stat(2) has it. */
	return info.lo_rdevice ? (struct backing){(dev_t)info.lo_rdevice, 0}
			       : (struct backing){0, (dev_t)info.lo_device};
}

static int add_loop(const char *name, void *data)
{
	struct nodes *s = data;
	struct backing b = loop_backing(s, name);
	ssize_t node = nodes_find(s, b.node);

	if (node >= 0)
		return nodes_add(s, name, s->nested[node]);
	return nodes_find(s, b.filesystem) < 0 ? 0 : nodes_add(s, name, true);
}

/* The list grows meanwhile. */
int nodes_add_layers(struct nodes *s)
{
	for (size_t i = 0; i < s->n; i++) {
		int r = i < s->own ? 0 : add_partitions(s, i);

		if (r >= 0)
			r = add_holders(s, i);
		if (r >= 0 && i + 1 == s->n)
			r = each_entry("/sys/block", "loop", add_loop, s);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_peer(const char *name, void *data)
{
	struct nodes *s = data;
	dev_t dev = dev_of(name);

	if (dev && nodes_find(s, dev) < 0 && s->peers_n < NODES_MAX)
		s->peers[s->peers_n++] = dev;
	return 0;
}

static int is_node(const char *name, void *data)
{
	return nodes_find(data, dev_of(name)) >= 0;
}

static int add_peers_of(const char *uuid, void *data)
{
	_cleanup_free_ char *path = NULL;

	if (str_printf(&path, BTRFS "%s/devices", uuid) < 0)
		return -ENOMEM;
	return each_entry(path, "", is_node, data) ? each_entry(path, "", add_peer, data) : 0;
}

int nodes_add_all(struct nodes *s)
{
	int r = nodes_add_layers(s);

	return r < 0 ? r : each_entry(BTRFS, "", add_peers_of, s);
}

char *node_describe(const char *name)
{
	_cleanup_free_ char *mapper = NULL;
	char *out;

	if (!strncmp(name, "loop", 4)) {
		str_printf(&out, "%s (a loop device)", name);
		return out;
	}
	mapper = file_line(CLASS "%s/dm/name", name);
	if (!mapper)
		return strdup(name);
	str_printf(&out, "%s (%s)", name, mapper);
	return out;
}

static int has_device(const char *uuid, void *data)
{
	char path[128];

	snprintf(path, sizeof(path), BTRFS "%.64s/devices/%.32s", uuid, (const char *)data);
	return !access(path, F_OK);
}

const char *node_filesystem(const char *name)
{
	static const char *const types[] = {"ext4", "xfs", "f2fs"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		char path[128];

		snprintf(path, sizeof(path), "/sys/fs/%s/%.64s", types[i], name);
		if (!access(path, F_OK))
			return types[i];
	}
	return each_entry(BTRFS, "", has_device, (void *)name) ? "btrfs" : NULL;
}
