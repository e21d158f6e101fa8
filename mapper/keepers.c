/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who in the kernel keeps a device busy without a mount of it and without a process. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/str.h"
#include "mapper/keepers.h"
#include "mapper/nodes.h"

#define LIO	   "/sys/kernel/config/target/core/"
#define NVMET	   "/sys/kernel/config/nvmet/subsystems/"
#define STATUS_MAX 4096

struct keepers {
	struct nodes *nodes;
	struct strlist *out;
	const char *parent; /* of nested directories */
};

static bool is_node(const struct keepers *k, const char *path)
{
	struct stat st;

	return *path == '/' && !path_is_remote(k->nodes, path) && !stat(path, &st) &&
	       S_ISBLK(st.st_mode) && nodes_find(k->nodes, st.st_rdev) >= 0;
}

static int add_swaps(struct keepers *k)
{
	cleanup(mnt_unref_table_p) struct libmnt_table *table = mnt_new_table();
	cleanup(mnt_free_iter_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	if (!table || !iter)
		return -ENOMEM;
	if (mnt_table_parse_swaps(table, NULL))
		return 0;
	while (!mnt_table_next_fs(table, iter, &fs)) {
		const char *source = mnt_fs_get_source(fs);

		if (source && is_node(k, source) && strlist_add(k->out, "used as swap") < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_holder(const char *name, void *data)
{
	struct keepers *k = data;
	_cleanup_free_ char *holder = node_describe(name);

	return holder ? strlist_add(k->out, "held by %s", holder) : -ENOMEM;
}

static int add_holders(struct keepers *k)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < k->nodes->own; i++) {
		char path[96];

		snprintf(path, sizeof(path), "/sys/class/block/%.64s/holders", k->nodes->names[i]);
		r = each_entry(path, "", add_holder, k);
	}
	return r;
}

/* Loop devices are not holders to the kernel. */
static int add_loop(const char *name, void *data)
{
	struct keepers *k = data;
	ssize_t node = nodes_find(k->nodes, loop_backing(k->nodes, name).node);

	return node >= 0 && (size_t)node < k->nodes->own ? add_holder(name, data) : 0;
}

static int add_zram(const char *name, void *data)
{
	struct keepers *k = data;
	_cleanup_free_ char *path = file_line("/sys/block/%s/backing_dev", name);

	return path && is_node(k, path) ? strlist_add(k->out, "backs %s", name) : 0;
}

static int add_nvme_namespace(const char *name, void *data)
{
	struct keepers *k = data;
	_cleanup_free_ char *path =
		file_line(NVMET "%s/namespaces/%s/device_path", k->parent, name);
	_cleanup_free_ char *on = file_line(NVMET "%s/namespaces/%s/enable", k->parent, name);

	if (!path || !on || strcmp(on, "1") || !is_node(k, path))
		return 0;
	return strlist_add(k->out, "exported by nvmet (namespace %s of %s)", name, k->parent);
}

static int add_nvme_subsystem(const char *name, void *data)
{
	_cleanup_free_ char *path = NULL;

	((struct keepers *)data)->parent = name;
	if (str_printf(&path, NVMET "%s/namespaces", name) < 0)
		return -ENOMEM;
	return each_entry(path, "", add_nvme_namespace, data);
}

/* A backstore tells the device by number (iblock) or the file by path (fileio). */
static bool is_backstore_of(const struct keepers *k, const char *info)
{
	const char *numbers = strstr(info, "Major: "), *file = strstr(info, "File: ");
	_cleanup_free_ char *path = file ? strndup(file + 6, strcspn(file + 6, " \n")) : NULL;
	unsigned major, minor;

	if (numbers && sscanf(numbers, "Major: %u Minor: %u", &major, &minor) == 2)
		return nodes_find(k->nodes, makedev(major, minor)) >= 0;
	return path && is_node(k, path);
}

static int add_backstore(const char *name, void *data)
{
	struct keepers *k = data;
	_cleanup_free_ char *path = NULL, *info = NULL;
	size_t len;

	if (str_printf(&path, LIO "%s/%s/info", k->parent, name) < 0)
		return -ENOMEM;
	if (file_read(AT_FDCWD, path, STATUS_MAX, &info, &len) < 0 || !is_backstore_of(k, info))
		return 0;
	return strlist_add(k->out, "exported by LIO (%s/%s)", k->parent, name);
}

static int add_backstores(const char *name, void *data)
{
	_cleanup_free_ char *path = NULL;

	((struct keepers *)data)->parent = name;
	if (str_printf(&path, LIO "%s", name) < 0)
		return -ENOMEM;
	return each_entry(path, "", add_backstore, data);
}

/* A file system that no mount shows, a journal of another one, a cache of bcache. */
static int add_roles(struct keepers *k)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < k->nodes->n; i++) {
		const char *name = k->nodes->names[i];
		char path[96];

		snprintf(path, sizeof(path), "/proc/fs/jbd2/%.64s", name);
		if (!access(path, F_OK))
			r = strlist_add(k->out, "used as the journal of an ext4 (%s)", name);
		snprintf(path, sizeof(path), "/sys/class/block/%.64s/bcache/set", name);
		if (r >= 0 && !access(path, F_OK))
			r = strlist_add(k->out, "used by bcache as a cache (%s)", name);
	}
	return r;
}

int add_keepers(struct nodes *nodes, struct strlist *out)
{
	struct keepers k = {.nodes = nodes, .out = out};
	int r = add_swaps(&k);

	if (r < 0)
		return r;
	r = add_holders(&k);
	if (r < 0)
		return r;
	r = each_entry("/sys/block", "loop", add_loop, &k);
	if (r < 0)
		return r;
	r = each_entry("/sys/block", "zram", add_zram, &k);
	if (r < 0)
		return r;
	r = each_entry(LIO, "", add_backstores, &k);
	if (r < 0)
		return r;
	r = each_entry(NVMET, "", add_nvme_subsystem, &k);
	return r < 0 ? r : add_roles(&k);
}
