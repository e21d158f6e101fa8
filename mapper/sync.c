/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is still in memory goes to the device: of the highest layer first, since it ends up in the
 * memory of what is below. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "mapper/filesystems.h"
#include "mapper/mapping.h"
#include "mapper/nodes.h"
#include "mapper/sync.h"

static bool done_before(const struct mounted_list *l, const struct mounted *m)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].done && l->items[i].dev == m->dev)
			return true;
	return false;
}

/* By any of its mounts. 1: it is written; 0: that mount cannot be opened; or negative with *e. */
static int sync_mount(struct mounted *m, struct err **e)
{
	_cleanup_err_ struct err *gone = NULL;
	_cleanup_close_ int fd = mounted_open(m, &gone);

	if (fd < 0)
		return 0;
	if (syncfs(fd) < 0)
		return err_errno(e, -errno, "write out the file system at %s", m->shown);
	m->done = true;
	return 1;
}

static int sync_node(struct mounted_list *l, size_t node, struct err **e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mounted *m = &l->items[i];
		int r = m->node != node || done_before(l, m) ? 0 : sync_mount(m, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What programs wrote to the block device itself. One that is gone meanwhile has nothing. */
static int sync_block(const char *name, struct err **e)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	if (str_printf(&path, "/dev/%s", name) < 0)
		return err_oom(e);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fsync(fd) == 0)
		return 0;
	return err_errno(e, -errno, "write out %s", path);
}

static int add_undone(struct mounted_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mounted *m = &l->items[i];

		if (m->done || done_before(l, m))
			continue;
		m->done = true; /* one sentence a file system */
		if (strlist_add(&l->unreached,
				"the file system mounted on %s: its path leads to "
				"another one",
				m->shown) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int sync_tell(const struct mounted_list *l, struct strlist *notes)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < l->unreached.n; i++)
		r = strlist_add(notes,
				"not reached was %s. So all file systems of this host were "
				"written out, without looking for errors",
				l->unreached.items[i]);
	return r;
}

static int sync_nodes(struct mounted_list *l, const struct nodes *nodes, struct err **e)
{
	int r = 0;

	for (size_t i = 0; i < l->n; i++)
		l->items[i].done = false;
	for (size_t i = nodes->n; r >= 0 && i-- > 0;) {
		r = sync_node(l, i, e);
		if (r >= 0)
			r = sync_block(nodes->names[i], e);
	}
	return r;
}

int device_sync(const struct device *d, struct strlist *notes, struct err **e)
{
	_cleanup_mounted_list_ struct mounted_list l = {0};
	cleanup(nodes_deinit) struct nodes nodes = {0};
	int r = device_filesystems(d, &l, e);

	if (r < 0)
		return r;
	if (nodes_init(&nodes, d) < 0 || nodes_add_layers(&nodes) < 0)
		return err_oom(e);
	r = sync_nodes(&l, &nodes, e);
	if (r < 0)
		return r;
	if (add_undone(&l) < 0 || sync_tell(&l, notes) < 0)
		return err_oom(e);
	if (!l.unreached.n)
		return 0;
	/* Of those that were not reached some may be above others. */
	sync();
	return sync_nodes(&l, &nodes, e);
}
