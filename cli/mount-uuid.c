/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clone has the UUID of its parent's file system until it is given one of its own. Which it has
 * is not noted anywhere: the parent's snapshot is attached for a look. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>

#include "base/filesystem.h"
#include "base/json.h"
#include "cli/mkfs.h"
#include "cli/mount-options.h"
#include "cli/mount-uuid.h"
#include "cli/mount.h"
#include "cli/run.h"

#define LOCK_PATH   RUNSTATEDIR "/rbdvol/new-uuid.lock"
#define LOCK_WAIT_S 300

static void wake(int signal)
{
	(void)signal;
}

/* Clones of one parent are often mounted at once, and none may detach what another looks at. */
static int lock(int *out, struct err **e)
{
	const struct sigaction interrupt = {.sa_handler = wake};
	_cleanup_close_ int fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct sigaction before;
	int r = 0;

	if (fd < 0)
		return err_errno(e, -errno, "cannot open %s", LOCK_PATH);
	sigaction(SIGALRM, &interrupt, &before);
	alarm(LOCK_WAIT_S);
	if (flock(fd, LOCK_EX) < 0)
		r = err_errno(e, -errno, "cannot get the lock %s", LOCK_PATH);
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	if (r >= 0)
		*out = steal_fd(&fd);
	return r;
}

/* The UUID on the device of VOLUME, or on its partition that M mounts. */
static int uuid_of(const struct mount_request *m, const json_t *volume, char **out, struct err **e)
{
	_cleanup_free_ char *node = NULL;
	int r = mount_node(m, volume, &node, e);

	return r < 0 ? r : mount_probe(node, "UUID", out, e);
}

static int parent_uuid(struct cli *cli, const struct mount_request *m, const json_t *options,
		       const char *parent, char **out, struct err **e)
{
	_cleanup_json_ json_t *before = NULL, *attached = NULL, *detached = NULL;
	_cleanup_err_ struct err *why = NULL;
	_cleanup_close_ int held = -1;
	int r = lock(&held, e);

	if (r < 0)
		return r;
	r = cli_call(cli, VERB_SHOW, parent, options, &before, e);
	if (r < 0)
		return r;
	r = cli_call(cli, VERB_ATTACH, parent, options, &attached, e);
	if (r < 0)
		return r;
	r = uuid_of(m, attached, out, e);
	if (!json_object_get(before, "device") &&
	    cli_call(cli, VERB_DETACH, parent, options, &detached, &why) < 0 && r >= 0) {
		*e = steal(&why);
		return (*e)->code;
	}
	return r;
}

static int uuid_run(const char *const argv[], int fine, const char *hint, struct err **e)
{
	_cleanup_free_ char *said = NULL;
	int r = program_run_line(argv, &said, e);

	if (r < 0 || !(r & ~fine))
		return r < 0 ? r : 0;
	err_set(e, ERR_FAILED, -EIO, "%s ended with status %d", argv[0], r);
	return err_hint(e, "%s", hint);
}

static int change(const char *node, const char *type, struct err **e)
{
	static const char hint[] = "mount it once without new_uuid, which replays its journal";
	const char *const check[] = {"e2fsck", "-f", "-p", node, NULL};
	const char *const ext[] = {"tune2fs", "-U", "random", node, NULL};
	const char *const xfs[] = {"xfs_admin", "-U", "generate", node, NULL};
	int r;

	if (!strcmp(type, "xfs"))
		return uuid_run(xfs, 0, hint, e);
	/* tune2fs writes all checksums anew, and wants to know that they were right. */
	r = uuid_run(check, E2FSCK_FIXED | E2FSCK_REBOOT, hint, e);
	return r < 0 ? r : uuid_run(ext, 0, hint, e);
}

static int change_and_look(const char *node, const char *type, const char *parents, struct err **e)
{
	_cleanup_free_ char *uuid = NULL;
	int r = change(node, type, e);

	if (r >= 0)
		r = mount_probe(node, "UUID", &uuid, e);
	if (r < 0 || strcmp(uuid, parents))
		return r;
	return err_set(e, ERR_FAILED, -EIO, "%s still has its parent's UUID %s", node, parents);
}

int mount_new_uuid(struct cli *cli, const struct mount_request *m, const json_t *options,
		   const json_t *volume, const char *node, const char *type, struct err **e)
{
	const char *parent = json_string_value(json_object_get(volume, "parent"));
	_cleanup_free_ char *uuid = NULL, *parents = NULL;
	int r;

	if (strcmp(type, "xfs") && strncmp(type, "ext", 3))
		return err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
			       "new_uuid knows ext2, ext3, ext4 and xfs, not %s", type);
	if (!parent)
		return 0;
	if (json_is_true(json_object_get(volume, "parent_in_trash")))
		return err_set(e, ERR_NOT_FOUND, -ENOENT,
			       "new_uuid cannot see the UUID of %s, which is in the trash", parent);
	r = mount_probe(node, "UUID", &uuid, e);
	if (r >= 0)
		r = parent_uuid(cli, m, options, parent, &parents, e);
	if (r < 0 || strcmp(uuid, parents))
		return r;
	return change_and_look(node, type, parents, e);
}
