/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file systems of a device, through all that stands on it and wherever they are mounted, and
 * whether a discard gets from there to the device. */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/str.h"
#include "base/value.h"
#include "mapper/filesystems.h"
#include "mapper/mapping.h"
#include "mapper/namespaces.h"
#include "mapper/nodes.h"

void mounted_list_deinit(struct mounted_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].path);
		free(l->items[i].shown);
		free(l->items[i].layer);
	}
	for (size_t i = 0; i < l->visitors_n; i++)
		visitor_free(l->visitors[i]);
	free(l->items);
	free(l->visitors);
	strlist_deinit(&l->unreached);
	*l = (struct mounted_list){0};
}

/* What is found while the namespaces are looked through. */
struct search {
	const struct nodes *nodes;
	struct mounted_list *out;
};

/* A file system on a layer is told with it. */
static char *describe_layer(const struct nodes *nodes, ssize_t node)
{
	return node < 0 || (size_t)node < nodes->own ? NULL : node_describe(nodes->names[node]);
}

static int add_mounted(const struct view *v, struct libmnt_fs *fs, ssize_t node, void *data)
{
	const struct search *s = data;
	struct mounted *grown = reallocarray(s->out->items, s->out->n + 1, sizeof(*grown));
	struct mounted m = {
		.mount_id = mnt_fs_get_id(fs),
		.dev = mnt_fs_get_devno(fs),
		.read_only = mnt_fs_match_options(fs, "ro"),
		.node = node < 0 ? 0 : (size_t)node,
		.nested = node >= 0 && s->nodes->nested[node],
		.layer = describe_layer(s->nodes, node),
	};

	if (!grown)
		return -ENOMEM;
	s->out->items = grown;
	if (str_printf(&m.path, "%s%s", v->root, mnt_fs_get_target(fs)) < 0)
		return -ENOMEM;
	if (str_printf(&m.shown, "%s%s%s", mnt_fs_get_target(fs), v->who ? " " : "",
		       v->who ? v->who : "") < 0) {
		free(m.path);
		return -ENOMEM;
	}
	grown[s->out->n++] = m;
	return 0;
}

/* The paths lead through the visitor: it stays as long as they do. */
static int keep_visitor(struct view *v, struct mounted_list *out)
{
	struct visitor **grown = reallocarray(out->visitors, out->visitors_n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	out->visitors = grown;
	grown[out->visitors_n++] = steal(&v->visitor);
	return 0;
}

static int search_view(struct view *v, void *data)
{
	const struct search *s = data;
	size_t before = s->out->n;
	int r = each_mount(v, s->nodes, add_mounted, data);

	return r < 0 || s->out->n == before || !v->visitor ? r : keep_visitor(v, s->out);
}

static bool is_found(const struct mounted_list *l, const struct nodes *nodes, size_t node)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].node == node || l->items[i].dev == nodes->devs[node])
			return true;
	return false;
}

/* What the kernel has mounted, but no namespace shows: unmounted lazily while files are open, or
 * below an overlay whose layers were unmounted. */
static int add_unseen(const struct nodes *nodes, struct mounted_list *out)
{
	for (size_t i = 0; i < nodes->n; i++) {
		const char *type = node_filesystem(nodes->names[i]);

		/* Which of the devices of a Btrfs its mounts name is not to be known. */
		if (!type || is_found(out, nodes, i) || (out->n && !strcmp(type, "btrfs")))
			continue;
		if (strlist_add(&out->unreached,
				"the %s on %s: it is mounted, but no mount namespace shows it (was "
				"it unmounted lazily?)",
				type, nodes->names[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

int device_filesystems(const struct device *d, struct mounted_list *out, struct err **e)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};
	struct search s = {.nodes = &nodes, .out = out};
	int r = nodes_init(&nodes, d);

	if (r >= 0)
		r = nodes_add_all(&nodes);
	if (r >= 0)
		r = each_view(search_view, &s, &out->unreached);
	if (r >= 0)
		r = add_unseen(&nodes, out);
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
		return err_errno(e, -errno, "cannot look at %s", m->shown);
	if ((st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_set(e, ERR_USAGE, -ESTALE, "nothing is mounted on %s", m->shown);
	if (((st.stx_mask & STATX_MNT_ID) && st.stx_mnt_id != (uint64_t)m->mount_id) ||
	    (st.stx_dev_major && makedev(st.stx_dev_major, st.stx_dev_minor) != m->dev))
		return err_set(e, ERR_FAILED, -ESTALE, "another mount hides %s", m->shown);
	return 0;
}

/* Neither a device nor a pipe that is mounted by itself is opened. */
static int open_plain(int at, struct err **e, const struct mounted *m)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int fd;

	if (fstat(at, &st) || str_printf(&path, "/proc/self/fd/%d", at) < 0)
		return err_oom(e);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(e, ERR_FAILED, -ENOTDIR, "%s is not a directory", m->shown);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, -errno, "cannot open %s", m->shown) : fd;
}

int mounted_open(const struct mounted *m, struct err **e)
{
	_cleanup_close_ int at = open(m->path, O_PATH | O_CLOEXEC);
	int r = at < 0 ? err_errno(e, -errno, "cannot open %s", m->shown) : check_mount(at, m, e);

	return r < 0 ? r : open_plain(at, e, m);
}

/* A number of the request queue of /sys/class/block/NAME; UINT64_MAX where there is none. */
static uint64_t queue_value(const char *name, const char *attribute)
{
	_cleanup_free_ char *text = file_line("/sys/class/block/%s/queue/%s", name, attribute);
	_cleanup_err_ struct err *ignored = NULL;
	uint64_t value = UINT64_MAX;

	if (text)
		value_u64(attribute, text, 0, UINT64_MAX, &value, &ignored);
	return value;
}

/* The name of NAME where it is dm-crypt's, the caller's; else NULL. */
static char *crypt_name(const char *name)
{
	_cleanup_free_ char *id = file_line("/sys/class/block/%s/dm/uuid", name);

	if (!id || strncmp(id, "CRYPT-", 6) != 0)
		return NULL;
	return file_line("/sys/class/block/%s/dm/name", name);
}

static char *why_not(const char *name, bool is_rbd)
{
	_cleanup_free_ char *layer = NULL, *crypt = crypt_name(name);
	char *out;

	if (is_rbd)
		return strdup("the volume was attached with the map option notrim");
	layer = node_describe(name);
	if (!layer ||
	    str_printf(&out, "%s passes no discards%s%s%s", layer,
		       crypt ? ": 'cryptsetup refresh --allow-discards " : "", crypt ? crypt : "",
		       crypt ? "' and the option discard in crypttab let them through" : "") < 0)
		return NULL;
	return out;
}

char *device_why_no_discard(const struct device *d)
{
	cleanup(nodes_deinit) struct nodes nodes = {0};

	if (nodes_init(&nodes, d) < 0 || nodes_add_layers(&nodes) < 0)
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
