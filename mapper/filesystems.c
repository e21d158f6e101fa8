/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file systems on a device, wherever they are mounted, and whether a discard gets from there to
 * the device. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/value.h"
#include "mapper/users-internal.h"

/* A mount as seen by a process: ROOT ("/proc/712/root", or "" for our own) leads to its tree. */
struct view {
	const char *root;
	struct strlist *out;
};

static int add_path(struct libmnt_fs *fs, void *data)
{
	struct view *v = data;

	if (mnt_fs_match_options(fs, "ro"))
		return 0;
	return strlist_add(v->out, "%s%s", v->root, mnt_fs_get_target(fs));
}

static int add_process_paths(const struct process *p, void *data)
{
	struct walk *w = data;
	char table[64], root[64];
	struct view v = {.root = root, .out = w->out};
	int r = walk_namespace(w, p->fd, "ns/mnt");

	if (r <= 0)
		return r;
	snprintf(table, sizeof(table), "/proc/%s/mountinfo", p->pid);
	snprintf(root, sizeof(root), "/proc/%s/root", p->pid);
	r = each_mount(table, w->nodes, add_path, &v);
	return r == -ENOMEM ? r : 0;
}

int device_filesystems(const struct device *d, struct strlist *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};
	cleanup(walk_deinit) struct walk w = {.nodes = &nodes, .out = out};
	struct view own = {.root = "", .out = out};
	int r = nodes_init(&nodes, d);

	if (r >= 0)
		r = nodes_add_holders(&nodes);
	if (r >= 0)
		r = walk_own(&w);
	if (r >= 0)
		r = each_mount("/proc/thread-self/mountinfo", &nodes, add_path, &own);
	if (r >= 0)
		r = each_process(add_process_paths, &w);
	if (r == -ENOMEM)
		return err_oom(e);
	return r < 0 ? err_errno(e, r, "cannot find out where %s is mounted", d->node) : 0;
}

/* A number of the request queue of /sys/class/block/NAME; UINT64_MAX where there is none. */
static uint64_t queue_value(const char *name, const char *attribute)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_err_ struct err *ignored = NULL;
	uint64_t value = UINT64_MAX;

	if (asprintf(&path, "/sys/class/block/%s/queue/%s", name, attribute) < 0) {
		path = NULL;
		return value;
	}
	if (file_read_line(AT_FDCWD, path, &text) >= 0)
		value_u64(attribute, text, 0, UINT64_MAX, &value, &ignored);
	return value;
}

static char *why_not(const char *name, bool is_rbd)
{
	_cleanup_free_ char *path = NULL, *mapper = NULL;
	char *out;
	int r;

	if (is_rbd)
		return strdup("the volume was attached with the map option notrim");
	if (asprintf(&path, "/sys/class/block/%s/dm/name", name) < 0) {
		path = NULL;
		return NULL;
	}
	if (file_read_line(AT_FDCWD, path, &mapper) < 0)
		r = asprintf(&out, "%s passes no discards", name);
	else
		r = asprintf(&out, "%s (%s) passes no discards", name, mapper);
	return r < 0 ? NULL : out;
}

char *device_why_no_discard(const struct device *d)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};

	if (nodes_init(&nodes, d) < 0 || nodes_add_holders(&nodes) < 0)
		return NULL;
	for (size_t i = 0; i < nodes.n; i++)
		if (!queue_value(nodes.names[i], "discard_max_bytes"))
			return why_not(nodes.names[i], !i);
	return NULL;
}

uint64_t device_discard_granularity(const struct device *d)
{
	uint64_t bytes = queue_value(d->node + strlen("/dev/"), "discard_granularity");

	return bytes == UINT64_MAX ? 0 : bytes;
}
