/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/filesystem.h"
#include "base/filesystem-options.h"
#include "base/str.h"
#include "volume/filesystem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <string.h>
#include <sys/mount.h>

#include "base/run.h"
#include "mapper/content.h"

#define ARGV_MAX 64

/* of the superblock: s_state, s_feature_incompat */
enum { EXT_VALID = 1, EXT_ERRORS = 2, EXT_RECOVER = 4 };
/* where the superblock has sb_inprogress */
enum { XFS_INPROGRESS = 126 };

static int read_start(int fd, void *buf, size_t len)
{
	size_t n = 0;

	while (n < len) {
		ssize_t r = pread(fd, (char *)buf + n, len - n, (off_t)n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		n += (size_t)r;
	}
	return 0;
}

/* --- making --- */

int filesystem_unfinished(const char *node, const char *type, struct err **e)
{
	_cleanup_close_ int fd = -1;
	uint8_t sb[512];
	int r;

	if (strcmp(type, "xfs"))
		return 0; /* mkfs.ext4 writes the superblock last */
	fd = open(node, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : read_start(fd, sb, sizeof(sb));
	if (r < 0)
		return err_errno(e, r, "cannot read the file system on %s", node);
	return sb[XFS_INPROGRESS] != 0;
}

struct arguments {
	const char *words[ARGV_MAX];
	size_t n;
};

static int add_word(struct arguments *a, const char *word, struct err **e)
{
	if (a->n + 1 == ARGV_MAX)
		return err_set(e, ERR_USAGE, -E2BIG, "too many options for mkfs");
	a->words[a->n++] = word;
	return 0;
}

/* The words of OPTIONS, which is cut up. */
static int add_words(struct arguments *a, char *options, struct err **e)
{
	char *word;
	int r = 0;

	while (!r && (word = strsep(&options, " ")))
		if (*word)
			r = add_word(a, word, e);
	return r;
}

static int mkfs_run(const char *program, const char *node, const struct filesystem *fs,
		    char *options, struct deadline deadline, struct err **e)
{
	_cleanup_free_ char *said = NULL;
	struct arguments a = {0};
	int r = add_word(&a, program, e);

	for (size_t i = 0; !r && fs->make[i]; i++)
		r = add_word(&a, fs->make[i], e);
	if (!r)
		r = add_word(&a, fs->force, e);
	if (!r)
		r = add_words(&a, options, e);
	if (!r)
		r = add_word(&a, node, e);
	if (!r)
		r = run_program(a.words, deadline, &said, e);
	if (r > 0)
		return err_set(e, ERR_FAILED, -EIO, "%s ended with status %d: %s", program, r,
			       said);
	return r;
}

int filesystem_make(const char *node, const char *type, const char *options,
		    struct deadline deadline, struct err **e)
{
	_cleanup_free_ char *copy = strdup(options ? options : ""), *program = NULL;
	int r = filesystem_known(type, true, e);

	if (r >= 0 && (!copy || str_printf(&program, "mkfs.%s", type) < 0))
		return err_oom(e);
	if (r < 0)
		return r;
	r = mkfs_options_check(type, copy, e);
	return r < 0 ? r : mkfs_run(program, node, filesystem_find(type), copy, deadline, e);
}

/* --- checking --- */

/* 1: unmounted properly, and without known errors. XFS has no check to run before its mount, which
 * replays the log. */
static int is_clean(const char *node, const char *type, struct err **e)
{
	_cleanup_close_ int fd = -1;
	uint8_t sb[4096];
	unsigned state;
	int r;

	if (strncmp(type, "ext", 3))
		return 1;
	fd = open(node, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : read_start(fd, sb, sizeof(sb));
	if (r < 0)
		return err_errno(e, r, "cannot read the file system on %s", node);
	state = sb[1024 + 0x3a];
	return (state & EXT_VALID) && !(state & EXT_ERRORS) && !(sb[1024 + 0x60] & EXT_RECOVER);
}

int filesystem_check(const char *node, const char *type, struct deadline deadline, struct err **e)
{
	const char *const argv[] = {"e2fsck", "-p", node, NULL};
	_cleanup_free_ char *said = NULL;
	int r = is_clean(node, type, e);

	if (r)
		return r < 0 ? r : 0;
	r = run_program(argv, deadline, &said, e);
	if (r < 0)
		return r;
	if (r & ~(E2FSCK_FIXED | E2FSCK_REBOOT)) {
		err_set(e, ERR_FAILED, -EUCLEAN,
			"the file system on %s has errors that e2fsck does not repair unasked: %s",
			node, said);
		return err_hint(e, "attach the volume and run e2fsck on it");
	}
	return 1;
}

/* --- mounting --- */

DEFINE_CLEANUP(struct libmnt_context *, mnt_free_context)

/* libmount's mount or umount of TARGET, without its helpers, and without looking for links. */
static struct libmnt_context *context_new(const char *target)
{
	struct libmnt_context *cxt = mnt_new_context();

	if (!cxt)
		return NULL;
	mnt_context_disable_helpers(cxt, 1);
	mnt_context_disable_canonicalize(cxt, 1);
	if (!mnt_context_set_target(cxt, target))
		return cxt;
	mnt_free_context(cxt);
	return NULL;
}

/* What the kernel said, or libmount: a negative errno. */
static int context_result(struct libmnt_context *cxt, int r)
{
	if (mnt_context_syscall_called(cxt) && mnt_context_get_syscall_errno(cxt))
		return -mnt_context_get_syscall_errno(cxt);
	return r > 0 ? -EIO : r;
}

/* _netdev is for systemd: it is to unmount what is still mounted before the network goes. */
static int mount_with(const char *node, const char *type, const char *target, unsigned long flags,
		      const char *data)
{
	cleanup(mnt_free_context_p) struct libmnt_context *cxt = context_new(target);
	_cleanup_free_ char *options = NULL;

	if (!cxt || str_printf(&options, "_netdev%s%s", *data ? "," : "", data) < 0)
		return -ENOMEM;
	if (mnt_context_set_source(cxt, node) || mnt_context_set_fstype(cxt, type) ||
	    mnt_context_set_options(cxt, options) || mnt_context_set_mflags(cxt, flags))
		return -ENOMEM;
	return context_result(cxt, mnt_context_mount(cxt));
}

/* DATA, and what TYPE always gets; the caller frees it, NULL when out of memory. */
static char *all_options(const char *type, const char *data, bool read_only)
{
	struct text out;
	FILE *f = text_begin(&out);
	char *text;

	if (!f)
		return NULL;
	/* Clones have their parent's UUID. */
	filesystem_put_options(type, read_only ? FILESYSTEM_READ_ONLY : 0, data, f);
	fprintf(f, "%s,", data);
	text = text_end(f, &out);
	if (text)
		text[out.len - 1] = '\0'; /* the last comma */
	return text;
}

int filesystem_mount(const char *node, const char *type, const char *target, const char *options,
		     bool read_only, struct err **e)
{
	_cleanup_free_ char *data = NULL, *all = NULL;
	unsigned long flags;
	int r = filesystem_known(type, false, e);

	if (r < 0)
		return r;
	r = mount_options_parse(type, options, &flags, &data, e);
	if (r < 0)
		return r;
	r = filesystem_check_superblock(node, type, data, e);
	if (r < 0)
		return r;
	if (read_only)
		flags |= MS_RDONLY;
	all = all_options(type, data, read_only);
	if (!all)
		return err_oom(e);
	r = mount_with(node, type, target, flags, all);
	return r < 0 ? err_errno(e, r, "cannot mount %s (%s) on %s", node, type, target) : 0;
}

void filesystem_empty(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *d;
	bool other = !dir, found = false;

	while (!other && (d = readdir(dir))) {
		bool is_it = !strcmp(d->d_name, "lost+found");

		found |= is_it;
		other = !is_it && strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
	}
	if (found && !other)
		unlinkat(dirfd(dir), "lost+found", AT_REMOVEDIR);
	if (dir)
		closedir(dir);
}

int filesystem_umount(const char *target, struct err **e)
{
	cleanup(mnt_free_context_p) struct libmnt_context *cxt = context_new(target);
	int r = cxt ? context_result(cxt, mnt_context_umount(cxt)) : -ENOMEM;

	if (r == 0 || r == -EINVAL || r == -ENOENT)
		return 0;
	if (r == -EBUSY)
		return err_set(e, ERR_BUSY, -EBUSY, "%s is in use", target);
	return err_errno(e, r, "cannot unmount %s", target);
}
