/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file systems on a device, wherever they are mounted, and whether a discard gets from there to
 * the device. */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/value.h"
#include "mapper/users-internal.h"

/* A mount as seen by a process: ROOT ("/proc/712/root", or "" for our own) leads to its tree. */
struct view {
	const char *root;
	struct mounted_list *out;
};

void mounted_list_deinit(struct mounted_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct mounted_list){0};
}

static int add_mounted(struct libmnt_fs *fs, void *data)
{
	const struct view *v = data;
	struct mounted *grown = reallocarray(v->out->items, v->out->n + 1, sizeof(*grown));
	char *path;

	if (!grown)
		return -ENOMEM;
	v->out->items = grown;
	if (asprintf(&path, "%s%s", v->root, mnt_fs_get_target(fs)) < 0)
		return -ENOMEM;
	grown[v->out->n++] = (struct mounted){
		.path = path,
		.mount_id = mnt_fs_get_id(fs),
		.dev = mnt_fs_get_devno(fs),
		.read_only = mnt_fs_match_options(fs, "ro"),
	};
	return 0;
}

static int add_process_paths(const struct process *p, void *data)
{
	struct walk *w = data;
	char table[64], root[64];
	struct view v = {.root = root, .out = w->mounted};
	int r = walk_namespace(w, p->fd, "ns/mnt");

	if (r <= 0)
		return r;
	snprintf(table, sizeof(table), "/proc/%s/mountinfo", p->pid);
	snprintf(root, sizeof(root), "/proc/%s/root", p->pid);
	r = each_mount(table, w->nodes, add_mounted, &v);
	return r == -ENOMEM ? r : 0;
}

int device_filesystems(const struct device *d, struct mounted_list *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};
	cleanup(walk_deinit) struct walk w = {.nodes = &nodes, .mounted = out};
	struct view own = {.root = "", .out = out};
	int r = nodes_init(&nodes, d);

	if (r >= 0)
		r = nodes_add_holders(&nodes);
	if (r >= 0)
		r = walk_own(&w);
	if (r >= 0)
		r = each_mount("/proc/thread-self/mountinfo", &nodes, add_mounted, &own);
	if (r >= 0)
		r = each_process(add_process_paths, &w);
	if (r == -ENOMEM)
		return err_oom(e);
	return r < 0 ? err_errno(e, r, "cannot find out where %s is mounted", d->node) : 0;
}

/* FITRIM takes any path of a file system, and after an unmount the same path belongs to the file
 * system below, after a mount to the one above. A mount's number may be given anew, so that the
 * device counts, too; btrfs tells another one for each subvolume. */
static int check_mount(int fd, const struct mounted *m, struct err **e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &st))
		return err_errno(e, -errno, "cannot look at %s", m->path);
	if ((st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_set(e, ERR_USAGE, -ESTALE, "nothing is mounted on %s", m->path);
	if (((st.stx_mask & STATX_MNT_ID) && st.stx_mnt_id != (uint64_t)m->mount_id) ||
	    (st.stx_dev_major && makedev(st.stx_dev_major, st.stx_dev_minor) != m->dev))
		return err_set(e, ERR_FAILED, -ESTALE, "on %s is another mount by now", m->path);
	return 0;
}

int mounted_open(const struct mounted *m, struct err **e)
{
	_cleanup_close_ int fd = open(m->path, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK);

	int r = fd < 0 ? err_errno(e, -errno, "cannot open %s", m->path) : check_mount(fd, m, e);

	return r < 0 ? r : steal_fd(&fd);
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
