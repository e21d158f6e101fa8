/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* umount.rbdvol: let umount(8) unmount, then detach what nothing else uses. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/value.h"
#include "cli/mount.h"
#include "cli/mounts.h"
#include "cli/run.h"
#include "cli/umount.h"

#define UMOUNT_FLAGS_MAX 12
#define PATIENCE_US	 (30 * USEC_PER_SEC)
#define IDS		 "/dev/rbdvol/by-id"

DEFINE_CLEANUP(DIR *, closedir)

/* The words for umount(8), but for the last. */
static int read_flags(int argc, char **argv, const char **out, char flags[][3], struct err **e)
{
	size_t n = 2;
	int c;

	out[0] = "umount";
	out[1] = "-i";
	opterr = 0;
	optind = 0;
	while ((c = getopt(argc, argv, "flnrvN:t:")) != -1) {
		if (c == '?' || n > UMOUNT_FLAGS_MAX - 4)
			break;
		if (c == 't')
			continue;
		snprintf(flags[n], sizeof(flags[n]), "-%c", c);
		out[n] = flags[n];
		n++;
		if (c == 'N')
			out[n++] = optarg;
	}
	if (c == -1 && argc - optind == 1)
		return (int)n;
	return err_set(e, ERR_USAGE, -EINVAL, "umount.rbdvol DIRECTORY [-flnrv] [-N NAMESPACE]");
}

/* The user and the cluster of the mount, as the line had them. */
static int read_option(struct cli *cli, const char *word, struct err **e)
{
	static const struct {
		const char *word, *key;
	} ours[] = {{MOUNT_USER_WORD, "id"}, {MOUNT_CLUSTER_WORD, "cluster"}};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		size_t len = strlen(ours[i].word);

		if (!strncmp(word, ours[i].word, len))
			return cli_set_option(cli, VERB_DETACH, ours[i].key, word + len, e);
	}
	return 0;
}

/* Before the unmount: then libmount forgets them. */
static int umount_read_options(struct cli *cli, const char *directory, struct err **e)
{
	/* -m: with what libmount notes beside the kernel */
	const char *const argv[] = {"findmnt", "-m",	  "-rfn", "-d",	     "backward",
				    "-o",      "OPTIONS", "-M",	  directory, NULL};
	_cleanup_err_ struct err *ignored = NULL;
	_cleanup_free_ char *options = NULL;
	char *rest, *word;
	int r = 0;

	/* That must not keep anybody from unmounting. */
	if (program_run_line(argv, &options, &ignored) < 0)
		return 0;
	rest = options;
	while (r >= 0 && (word = strsep(&rest, ",")))
		r = read_option(cli, word, e);
	return r;
}

static bool is_volume(const struct mount_entry *m)
{
	return m->source && !strncmp(m->source, "/dev/rbd", 8);
}

/* The device below a mount, as it was before the unmount: afterwards others may have detached it,
 * and its number may be that of another volume. */
struct below {
	dev_t dev;
	ino_t inode; /* of its directory in sysfs: a new one for each mapping */
	char *link;  /* of the image's id; NULL where udev has made none */
};

static void below_deinit(struct below *b)
{
	free(b->link);
}

static ino_t inode_of(dev_t dev)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/.", major(dev), minor(dev));
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* The link below by-id that leads to DEV. To be freed; NULL. */
static char *id_link_of(dev_t dev)
{
	cleanup(closedir_p) DIR *dir = opendir(IDS);
	struct dirent *entry;
	char *link = NULL;
	struct stat st;

	while (dir && (entry = readdir(dir)))
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISBLK(st.st_mode) &&
		    st.st_rdev == dev)
			return str_printf(&link, IDS "/%s", entry->d_name) < 0 ? NULL : link;
	return NULL;
}

static void below_init(struct below *b, const struct mount_entry *m)
{
	struct stat st;

	/* Of btrfs the mount has a number of its own. */
	b->dev = stat(m->source, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : m->dev;
	b->inode = inode_of(b->dev);
	b->link = id_link_of(b->dev);
}

/* Another mount needs the volume: that is nothing new. */
static bool is_mounted_yet(const struct err *why, const char *device)
{
	_cleanup_err_ struct err *ignored = NULL;

	return why->kind == ERR_BUSY && mounts_of_disk(device, &ignored) > 0;
}

/* It is unmounted, whatever becomes of this: so all there is to do is to tell. The link cannot lead
 * to another image, as the node can. */
static void detach(struct cli *cli, const char *node, const struct below *b)
{
	const char *device = b->link ? b->link : node;
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_err_ struct err *e = NULL;

	if (!b->inode || inode_of(b->dev) != b->inode)
		return;
	if (cli_call(cli, VERB_DETACH, device, cli->options, &answer, &e) >= 0 ||
	    e->kind == ERR_NOT_FOUND || is_mounted_yet(e, node))
		return;
	err_wrap(&e, "unmounted, but still attached");
	cli_fail(cli, NULL, e);
}

/* An unmount takes as long as there is something to write, which may be long. But it goes on: where
 * no request of the device was answered for a while, the cluster is away. */
struct patience {
	char stat[64];	   /* the device's counters */
	uint64_t answered; /* requests */
	uint64_t since_us;
	uint64_t limit_us;
};

/* Reads, writes, discards and flushes that have ended: Documentation/block/stat.rst */
static uint64_t count_answered(const char *path)
{
	static const bool counts[] = {[0] = true, [4] = true, [11] = true, [15] = true};
	_cleanup_free_ char *text = NULL;
	uint64_t sum = 0;
	char *p;

	if (file_read_line(AT_FDCWD, path, &text) < 0)
		return 0;
	p = text;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		uint64_t n = strtoull(p, &p, 10);

		sum += counts[i] ? n : 0;
	}
	return sum;
}

static bool goes_on(void *context)
{
	struct patience *p = context;
	uint64_t answered = count_answered(p->stat), now = clock_now_us();

	if (answered != p->answered)
		p->since_us = now;
	p->answered = answered;
	return now - p->since_us < p->limit_us;
}

static int patience_init(struct patience *p, dev_t dev, struct err **e)
{
	const char *limit = getenv("RBDVOL_UMOUNT_TIMEOUT");

	*p = (struct patience){.since_us = clock_now_us(), .limit_us = PATIENCE_US};
	snprintf(p->stat, sizeof(p->stat), "/sys/dev/block/%u:%u/stat", major(dev), minor(dev));
	return limit ? value_seconds("RBDVOL_UMOUNT_TIMEOUT", limit, &p->limit_us, e) : 0;
}

/* What is mounted goes from the directory first, and what it has not written yet is written then.
 */
static int gave_up(const char *directory, const struct patience *p,
		   const struct mount_entry *before, struct err **e)
{
	_cleanup_mounted_ struct mount_entry now = {0};
	_cleanup_err_ struct err *ignored = NULL;
	bool still = mounts_find(directory, &now, &ignored) > 0 && now.dev == before->dev;

	err_free(steal(e));
	err_set(e, ERR_UNREACHABLE, -ETIMEDOUT,
		"%s %s: %s was not answered by the cluster for %u s; what is unwritten waits in "
		"the "
		"kernel",
		directory, still ? "does not unmount" : "is unmounted, but not its file system",
		before->source ? before->source : "the device",
		(unsigned)(p->limit_us / USEC_PER_SEC));
	return err_hint(e,
			"it ends by itself when the cluster is back; a host that goes down before "
			"loses it");
}

static int unmount(const char *const words[], const char *directory,
		   const struct mount_entry *mounted, const struct below *b, struct err **e)
{
	struct patience patience;
	int r = patience_init(&patience, b->dev ? b->dev : mounted->dev, e);

	if (r >= 0)
		r = program_run_while(words, goes_on, &patience, e);
	return r == -ETIMEDOUT ? gave_up(directory, &patience, mounted, e) : r;
}

int umount_main(struct cli *cli, int argc, char **argv)
{
	_cleanup_mounted_ struct mount_entry mounted = {0};
	cleanup(below_deinit) struct below below = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *directory = NULL;
	const char *words[UMOUNT_FLAGS_MAX] = {NULL};
	char flags[UMOUNT_FLAGS_MAX][3];
	int n = read_flags(argc, argv, words, flags, &e), r = n;

	if (n >= 0) {
		directory = realpath(argv[optind], NULL);
		r = mounts_find(directory ? directory : argv[optind], &mounted, &e);
	}
	if (r >= 0 && is_volume(&mounted)) {
		below_init(&below, &mounted);
		r = umount_read_options(cli, directory, &e);
	}
	if (r >= 0) {
		words[n] = argv[optind];
		r = unmount(words, directory ? directory : argv[optind], &mounted, &below, &e);
	}
	if (r < 0) {
		cli_fail(cli, NULL, e);
		return e->kind == ERR_USAGE ? MOUNT_USAGE : MOUNT_FAILED;
	}
	if (r == 0 && is_volume(&mounted))
		detach(cli, mounted.source, &below);
	return r;
}
