/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "base/run.h"
#include "mapper/content.h"

#define BLANK_BYTES (1024 * 1024)
#define ARGV_MAX    64

/* of the superblock: s_state, s_feature_incompat */
enum { EXT_VALID = 1, EXT_ERRORS = 2, EXT_RECOVER = 4 };
/* where the superblock has sb_inprogress */
enum { XFS_INPROGRESS = 126 };
/* e2fsck's exit statuses, a sum of these */
enum { E2FSCK_FIXED = 1, E2FSCK_REBOOT = 2 };

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

static int starts_with_zeros(const char *node, struct err **e)
{
	_cleanup_close_ int fd = open(node, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *buf = malloc(BLANK_BYTES);
	uint64_t bytes = 0;
	size_t len;
	int r = fd < 0 ? -errno : 0;

	if (!buf)
		return err_oom(e);
	if (!r)
		r = ioctl(fd, BLKGETSIZE64, &bytes) < 0 ? -errno : 0;
	len = bytes < BLANK_BYTES ? (size_t)bytes : BLANK_BYTES;
	if (!r)
		r = read_start(fd, buf, len);
	if (r < 0)
		return err_errno(e, r, "can't read %s to see whether it is blank", node);
	return !len || (!buf[0] && !memcmp(buf, buf + 1, len - 1));
}

int filesystem_blank(const char *node, char **out_what, struct err **e)
{
	_cleanup_content_ struct content content = {0};
	const char *what;
	int r = content_probe(node, &content, e);

	*out_what = NULL;
	if (r < 0)
		return r;
	what = content.type ? content.type : content.partition_table;
	if (!what) {
		r = starts_with_zeros(node, e);
		if (r)
			return r;
		what = "data that libblkid does not know";
	}
	*out_what = strdup(what);
	return *out_what ? 0 : err_oom(e);
}

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
		return err_errno(e, r, "can't read the file system on %s", node);
	return sb[XFS_INPROGRESS] != 0;
}

/* The words of OPTIONS, which is cut up, behind N in ARGV; the list ends with NODE. */
static int add_words(const char **argv, size_t n, char *options, const char *node, struct err **e)
{
	char *word;

	while ((word = strsep(&options, " "))) {
		if (!*word)
			continue;
		if (n + 2 == ARGV_MAX)
			return err_set(e, ERR_USAGE, -E2BIG, "too many options for mkfs");
		argv[n++] = word;
	}
	argv[n++] = node;
	argv[n] = NULL;
	return 0;
}

int filesystem_make(const char *node, const char *type, const char *options,
		    struct deadline deadline, struct err **e)
{
	static const char *const ext[] = {"mkfs.ext4", "-q", "-F", "-E",
					  "nodiscard,lazy_itable_init=1,lazy_journal_init=1"};
	static const char *const xfs[] = {"mkfs.xfs", "-q", "-f", "-K"};
	_cleanup_free_ char *copy = strdup(options ? options : ""), *said = NULL;
	const char *argv[ARGV_MAX];
	bool is_xfs = !strcmp(type, "xfs");
	size_t n = is_xfs ? ARRAY_SIZE(xfs) : ARRAY_SIZE(ext);
	int r = filesystem_known(type, true, e);

	if (r >= 0)
		r = mkfs_options_check(type, copy, e);
	if (r < 0)
		return r;
	memcpy(argv, is_xfs ? xfs : ext, n * sizeof(*argv));
	r = add_words(argv, n, copy, node, e);
	if (r >= 0)
		r = run_program(argv, deadline, &said, e);
	if (r > 0)
		return err_set(e, ERR_FAILED, -EIO, "%s ended with status %d: %s", argv[0], r,
			       said);
	return r;
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
		return err_errno(e, r, "can't read the file system on %s", node);
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

	if (!cxt || asprintf(&options, "_netdev%s%s", *data ? "," : "", data) < 0) {
		options = NULL;
		return -ENOMEM;
	}
	if (mnt_context_set_source(cxt, node) || mnt_context_set_fstype(cxt, type) ||
	    mnt_context_set_options(cxt, options) || mnt_context_set_mflags(cxt, flags))
		return -ENOMEM;
	return context_result(cxt, mnt_context_mount(cxt));
}

int filesystem_mount(const char *node, const char *type, const char *target, const char *options,
		     bool read_only, struct err **e)
{
	bool is_xfs = !strcmp(type, "xfs");
	_cleanup_free_ char *data = NULL, *all = NULL;
	unsigned long flags;
	int r = filesystem_known(type, false, e);

	if (r >= 0)
		r = mount_options_parse(type, options, &flags, &data, e);
	if (r < 0)
		return r;
	if (read_only)
		flags |= MS_RDONLY;
	/* Clones have their parent's UUID, which xfs takes for a second mount of the same. */
	if (asprintf(&all, "%s%s%s%s", data, *data && (is_xfs || read_only) ? "," : "",
		     is_xfs ? "nouuid" : "",
		     read_only ? (is_xfs ? ",norecovery" : "noload") : "") < 0) {
		all = NULL;
		return err_oom(e);
	}
	r = mount_with(node, type, target, flags, all);
	return r < 0 ? err_errno(e, r, "can't mount %s (%s) on %s", node, type, target) : 0;
}

int filesystem_umount(const char *target, struct err **e)
{
	cleanup(mnt_free_context_p) struct libmnt_context *cxt = context_new(target);
	int r = cxt ? context_result(cxt, mnt_context_umount(cxt)) : -ENOMEM;

	if (r == 0 || r == -EINVAL || r == -ENOENT)
		return 0;
	if (r == -EBUSY)
		return err_set(e, ERR_BUSY, -EBUSY, "%s is in use", target);
	return err_errno(e, r, "can't unmount %s", target);
}
