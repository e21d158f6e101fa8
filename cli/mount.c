/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mount.rbdvol: attach, then let mount(8) mount the device; each step looks whether it is done. */
#include "cli/mount.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/mkfs.h"
#include "cli/mount-options.h"
#include "cli/mount-uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/deadline.h"
#include "base/filesystem.h"
#include "cli/mounts.h"
#include "cli/run.h"

/* Many volumes at once, as at a boot, take their time; systemd gives a mount 90 s. */
#define TIMEOUT_S	  "80"
#define PARTITION_WAIT_US (5 * USEC_PER_SEC)
#define MOUNT_ARGV_MAX	  16

static int status_of(const struct err *e)
{
	if (e->code == -ENOMEM)
		return MOUNT_SYSTEM;
	return e->kind == ERR_USAGE || e->kind == ERR_NOT_PERMITTED ? MOUNT_USAGE : MOUNT_FAILED;
}

/* What was asked for, as far as VERB takes it. To attach takes a size only of what it makes: there
 * is no size= without from=, nor of a volume that is there. */
static json_t *options_of(struct cli *cli, const struct mount_request *m, enum verb verb)
{
	json_t *options = json_object(), *value;
	const char *key;

	json_object_foreach(cli->options, key, value) {
		if (!request_option_find(verb, key) ||
		    (verb == VERB_ATTACH && !strcmp(key, "size") &&
		     (!cli->request.from || m->exists)))
			continue;
		if (json_object_set(options, key, value) < 0) {
			json_decref(options);
			return NULL;
		}
	}
	return options;
}

/* VERB for the volume. Results as of cli_call. */
static int mount_ask(struct cli *cli, const struct mount_request *m, enum verb verb,
		     json_t **answer, struct err **e)
{
	_cleanup_json_ json_t *options = options_of(cli, m, verb);
	int r;

	if (!options)
		return err_oom(e);
	r = cli_call(cli, verb, m->volume, options, answer, e);
	cli_notes(*answer);
	return r;
}

/* udev makes the links of partitions after that of the device. */
static int wait_for_link(const char *link, struct err **e)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	struct deadline deadline = deadline_in(PARTITION_WAIT_US);
	struct stat st;

	while (stat(link, &st) < 0) {
		if (deadline_passed(deadline))
			return err_set(e, ERR_NOT_FOUND, -ENOENT,
				       "there is no %s: the volume has no such partition", link);
		nanosleep(&pause, NULL);
	}
	return 0;
}

int mount_node(const struct mount_request *m, const json_t *volume, char **out, struct err **e)
{
	const char *link = json_string_value(json_object_get(volume, "link"));
	int r = 0;

	if (!link)
		return err_set(e, ERR_FAILED, -EBADMSG, "rbdvold reports no link of %s", m->volume);
	if (m->partition)
		r = str_printf(out, "%s-part%u", link, m->partition);
	else
		*out = strdup(link);
	if (r < 0 || !*out) {
		*out = NULL;
		return err_oom(e);
	}
	return wait_for_link(*out, e);
}

/* 1: NODE is what is mounted at the directory. */
static int is_mounted(const struct mount_request *m, const char *node, struct err **e)
{
	_cleanup_mounted_ struct mount_entry mounted = {0};
	int r = mounts_find(m->directory, &mounted, e);
	struct stat st;

	if (r <= 0)
		return r;
	return stat(node, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == mounted.dev;
}

static bool is_write_protected(const char *node)
{
	_cleanup_close_ int fd = open(node, O_RDONLY | O_CLOEXEC);
	int on = 0;

	return fd >= 0 && ioctl(fd, BLKROGET, &on) == 0 && on;
}

/* Commas part them, each word ending with one. */
static void mount_print_options(FILE *f, const struct cli *cli, const struct mount_request *m,
				const char *node, const char *type)
{
	fputs(m->rest, f);
	/* A snapshot may be of a file system in use: its log cannot be replayed there. A clone has
	 * the UUID of its parent. What is mounted has its options already. */
	if (*type)
		filesystem_put_options(type,
				       (is_write_protected(node) ? FILESYSTEM_READ_ONLY : 0) |
					       (m->new_uuid ? FILESYSTEM_OWN_UUID : 0),
				       m->rest, f);
	/* umount.rbdvol reads these two in libmount's table. */
	if (cli->request.user)
		fprintf(f, MOUNT_USER_WORD "%s,", cli->request.user);
	if (cli->request.cluster)
		fprintf(f, MOUNT_CLUSTER_WORD "%s,", cli->request.cluster);
	fputs("helper=rbdvol,uhelper=rbdvol,_netdev", f);
}

static int mount_options(const struct cli *cli, const struct mount_request *m, const char *node,
			 const char *type, char **out, struct err **e)
{
	struct text text;
	FILE *f = text_begin(&text);

	if (!f)
		return err_oom(e);
	mount_print_options(f, cli, m, node, type);
	*out = text_end(f, &text);
	return *out ? 0 : err_oom(e);
}

static int call_mount(const struct cli *cli, const struct mount_request *m, const char *node,
		      const char *type, struct err **e)
{
	_cleanup_free_ char *options = NULL;
	const char *argv[MOUNT_ARGV_MAX] = {"mount", "-i"};
	size_t n = 2;
	int r = mount_options(cli, m, node, type, &options, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < m->flags.n && n < MOUNT_ARGV_MAX - 7; i++)
		argv[n++] = m->flags.items[i];
	if (*type) {
		argv[n++] = "-t";
		argv[n++] = type;
	}
	argv[n++] = "-o";
	argv[n++] = options;
	argv[n++] = node;
	argv[n] = m->directory;
	r = program_run(argv, e);
	/* mount has said why; it is not for us to say it again. */
	return r;
}

static int no_filesystem(const struct mount_request *m, const char *node, struct err **e)
{
	err_set(e, ERR_FAILED, -EINVAL, "there is no file system on %s that blkid knows", node);
	return err_hint(e, m->partition ? "see which partitions there are: lsblk"
					: "mkfs=ext4 makes one on a new volume, part=1 "
					  "takes its first partition");
}

static int renew_uuid(struct cli *cli, const struct mount_request *m, const json_t *volume,
		      const char *node, const char *type, struct err **e)
{
	_cleanup_json_ json_t *options = options_of(cli, m, VERB_SHOW);

	return options ? mount_new_uuid(cli, m, options, volume, node, type, e) : err_oom(e);
}

/* Nothing is done where it has that type already. */
static int make_filesystem(struct cli *cli, const struct mount_request *m, const char *node,
			   struct err **e)
{
	_cleanup_json_ json_t *options = NULL, *shown = NULL;
	_cleanup_free_ char *found = NULL;
	int r = mount_probe(node, "TYPE", &found, e);

	if (r < 0 || !strcmp(found, m->mkfs))
		return r;
	options = options_of(cli, m, VERB_SHOW);
	if (!options || json_object_set_new(options, "blank", json_true()) < 0)
		return err_oom(e);
	r = cli_call(cli, VERB_SHOW, m->volume, options, &shown, e);
	return r < 0 ? r : mount_mkfs(shown, node, m->mkfs, e);
}

static int look_and_mount(struct cli *cli, const struct mount_request *m, const json_t *volume,
			  struct err **e)
{
	_cleanup_free_ char *node = NULL, *type = NULL;
	int r = mount_node(m, volume, &node, e);

	if (r >= 0)
		r = is_mounted(m, node, e);
	if (r)
		return r < 0 ? r : MOUNT_DONE;
	if (m->mkfs && (r = make_filesystem(cli, m, node, e)) < 0)
		return r;
	type = m->type ? strdup(m->type) : NULL;
	r = m->type ? (type ? 0 : err_oom(e)) : mount_probe(node, "TYPE", &type, e);
	if (r < 0)
		return r;
	if (!*type)
		return no_filesystem(m, node, e);
	if (m->new_uuid && (r = renew_uuid(cli, m, volume, node, type, e)) < 0)
		return r;
	r = filesystem_check_superblock(node, type, m->rest, e);
	return r < 0 ? r : call_mount(cli, m, node, type, e);
}

/* Neither daemon nor cluster is asked: what is mounted is attached. */
static int remount(const struct cli *cli, const struct mount_request *m, struct err **e)
{
	_cleanup_mounted_ struct mount_entry mounted = {0};
	int r = mounts_find(m->directory, &mounted, e);

	if (r < 0)
		return r;
	if (!r || strncmp(mounted.source, "/dev/rbd", 8))
		return err_set(e, ERR_FAILED, -EINVAL, "no volume is mounted on %s", m->directory);
	return call_mount(cli, m, mounted.source, "", e);
}

/* A volume that a failed mount has attached is let go. */
static void mount_let_go(struct cli *cli, const struct mount_request *m)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;

	mount_ask(cli, m, VERB_DETACH, &answer, &e);
}

/* size= without from= says what to make, not what must be: a volume that is there already may have
 * been resized. */
static int make_empty(struct cli *cli, const struct mount_request *m, struct err **e)
{
	_cleanup_json_ json_t *answer = NULL;

	return mount_ask(cli, m, VERB_CREATE, &answer, e);
}

/* 1: it is attached already; 0: it is not. */
static int mount_look(struct cli *cli, struct mount_request *m, struct err **e)
{
	_cleanup_json_ json_t *answer = NULL;
	bool empty = cli->request.size_bytes && !cli->request.from;
	int r = mount_ask(cli, m, VERB_SHOW, &answer, e);

	m->exists = r >= 0;
	if (r >= 0)
		return json_object_get(answer, "device") != NULL;
	if ((*e)->kind != ERR_NOT_FOUND || !(empty || cli->request.from))
		return r;
	err_free(*e);
	*e = NULL;
	return empty ? make_empty(cli, m, e) : 0;
}

/* What is mounted becomes as large as size= says, where it is smaller; a file system that is
 * smaller than its volume, such as one of a larger clone, fills it. */
static int mount_grow_image(struct cli *cli, const struct mount_request *m, const json_t *volume,
			    struct err **e)
{
	uint64_t has = (uint64_t)json_integer_value(json_object_get(volume, "size"));
	uint64_t wanted = cli->request.size_bytes;
	_cleanup_json_ json_t *options = NULL, *answer = NULL;
	_cleanup_free_ char *size = NULL;
	int r;

	if (!wanted || m->partition || cli->request.read_only)
		return 0;
	str_printf(&size, "%" PRIu64, wanted > has ? wanted : has);
	options = size ? options_of(cli, m, VERB_RESIZE) : NULL;
	if (!options || json_object_set_new(options, "size", json_string(size)) < 0)
		return err_oom(e);
	r = cli_call(cli, VERB_RESIZE, m->volume, options, &answer, e);
	return r < 0 ? err_wrap(e, "it is mounted, but was not grown") : 0;
}

static int mount_it(struct cli *cli, struct mount_request *m, struct err **e)
{
	_cleanup_json_ json_t *volume = NULL;
	int before, r;

	if (m->fake)
		return MOUNT_DONE;
	if (m->remount)
		return remount(cli, m, e);
	before = mount_look(cli, m, e);
	if (before < 0)
		return before;
	r = mount_ask(cli, m, VERB_ATTACH, &volume, e);
	if (r < 0)
		return r;
	r = look_and_mount(cli, m, volume, e);
	if (r && !before)
		mount_let_go(cli, m);
	return r ? r : mount_grow_image(cli, m, volume, e);
}

int mount_main(struct cli *cli, int argc, char **argv)
{
	_cleanup_mount_request_ struct mount_request m = {0};
	_cleanup_err_ struct err *e = NULL;
	int r = mount_request_parse(cli, argc, argv, &m, &e);

	if (r >= 0 && !cli->request.timeout_us)
		r = cli_set_option(cli, VERB_ATTACH, "timeout", TIMEOUT_S, &e);
	if (r >= 0)
		r = mount_it(cli, &m, &e);
	if (r >= 0)
		return r;
	cli_fail(cli, NULL, e);
	return status_of(e);
}
