/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/filesystem.h"
#include "base/filesystem-options.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/value.h"

#define MIB	    ((uint64_t)1 << 20)
#define EXT_SAFE    "errors=remount-ro"
#define EXT_OPTIONS "nodiscard,lazy_itable_init=1,lazy_journal_init=1"

/* mkfs.xfs makes none below 300 MiB since xfsprogs 5.19, nor does mkfs.btrfs below 109 MiB. */
static const struct filesystem filesystems[] = {
	{"ext4", true, true, {"-q", "-E", EXT_OPTIONS}, "-F", "noload", NULL, EXT_SAFE, 2 * MIB},
	{"ext3", true, false, {"-q", "-E", EXT_OPTIONS}, "-F", "noload", NULL, EXT_SAFE, 2 * MIB},
	{"ext2", true, false, {"-q", "-E", "nodiscard"}, "-F", NULL, NULL, EXT_SAFE, MIB},
	{"xfs", true, true, {"-q", "-K"}, "-f", "norecovery", "nouuid", NULL, 300 * MIB},
	{"btrfs", false, false, {"-q", "-K"}, "-f", NULL, NULL, NULL, 109 * MIB},
};

const struct filesystem *filesystem_find(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++)
		if (!strcmp(type, filesystems[i].type))
			return &filesystems[i];
	return NULL;
}

int filesystem_known(const char *type, bool made, struct err **e)
{
	const struct filesystem *f = filesystem_find(type);

	if (f && (made ? f->made : f->mounted))
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP, "rbdvol does not %s file systems of type '%s'",
		made ? "make" : "mount", type);
	return err_hint(e, made ? "ext4 and xfs can be made" : "attach it and mount it yourself");
}

int filesystem_check_size(const char *type, uint64_t bytes, struct err **e)
{
	const struct filesystem *f = filesystem_find(type);
	_cleanup_free_ char *has = NULL, *wants = NULL;

	if (!f || bytes >= f->least_bytes)
		return 0;
	has = value_format_size(bytes);
	wants = value_format_size(f->least_bytes);
	return err_set(e, ERR_USAGE, -EINVAL,
		       "a volume of %s has no room for a file system of type %s, which wants %s",
		       has ? has : "?", type, wants ? wants : "?");
}

/* --- options of a mount --- */

static void put(FILE *f, const char *given, const char *word)
{
	size_t len = word ? strcspn(word, "=") : 0;
	char key[32];

	if (!len || len + 2 > sizeof(key))
		return;
	snprintf(key, sizeof(key), "%.*s", (int)len + (word[len] == '='), word);
	if (!mount_options_have(given, key))
		fprintf(f, "%s,", word);
}

void filesystem_put_options(const char *type, unsigned how, const char *given, FILE *f)
{
	const struct filesystem *fs = filesystem_find(type);

	if (how & FILESYSTEM_READ_ONLY)
		put(f, given, "ro");
	if (!fs)
		return;
	put(f, given, fs->safe);
	if (!(how & FILESYSTEM_OWN_UUID))
		put(f, given, fs->twin);
	if (how & FILESYSTEM_READ_ONLY)
		put(f, given, fs->no_replay);
}

/* --- options of a superblock --- */

/* Where these are in the superblock of ext2, ext3 and ext4. */
enum {
	EXT_START = 1024,
	EXT_BYTES = 1024,
	EXT_MAGIC = 0x38,
	EXT_FEATURES = 0x5c,	  /* compatible ones */
	EXT_JOURNAL_INODE = 0xe0, /* 0: the journal is a device */
	EXT_OPTIONS_TEXT = 0x200,
	EXT_OPTIONS_LEN = 64,
};
enum { EXT_HAS_JOURNAL = 4 };

static unsigned long little(const unsigned char *p, size_t bytes)
{
	unsigned long n = 0;

	while (bytes--)
		n = n << 8 | p[bytes];
	return n;
}

/* 1: it is one of ext2 to ext4. */
static int read_ext(const char *node, unsigned char sb[static EXT_BYTES])
{
	_cleanup_close_ int fd = open(node, O_RDONLY | O_CLOEXEC);
	ssize_t r = fd < 0 ? -1 : pread(fd, sb, EXT_BYTES, EXT_START);

	if (r < 0)
		return -errno;
	return r == EXT_BYTES && little(sb + EXT_MAGIC, 2) == 0xef53;
}

static int filesystem_refuse(const char *node, const char *what, struct err **e)
{
	err_set(e, ERR_NOT_PERMITTED, -EPERM, "the superblock on %s %s: it is not mounted", node,
		what);
	return err_hint(e, "whoever made the file system chose that for this host; see "
			   "'dumpe2fs -h' and 'tune2fs -E mount_opts=OPTIONS'");
}

/* What the kernel would be told anew at the mount, or what a volume of a container may have. */
static bool is_harmless(const char *type, const char *word, const char *given)
{
	_cleanup_err_ struct err *ignored = NULL;
	unsigned long flags;

	return mount_options_have(given, word) || !strncmp(word, "errors=", 7) ||
	       mount_options_parse(type, word, &flags, NULL, &ignored) >= 0;
}

static int check_words(const char *node, const char *type, char *words, const char *given,
		       struct err **e)
{
	char *word;

	while ((word = strsep(&words, ","))) {
		_cleanup_free_ char *what = NULL;

		if (!*word || is_harmless(type, word, given))
			continue;
		if (str_printf(&what, "has the mount option '%s'", word) < 0)
			return err_oom(e);
		return filesystem_refuse(node, what, e);
	}
	return 0;
}

int filesystem_check_superblock(const char *node, const char *type, const char *given,
				struct err **e)
{
	char words[EXT_OPTIONS_LEN + 1] = "";
	unsigned char sb[EXT_BYTES];
	int r = strncmp(type, "ext", 3) ? 0 : read_ext(node, sb);

	if (r <= 0)
		return r ? err_errno(e, r, "cannot read the superblock on %s", node) : 0;
	if ((little(sb + EXT_FEATURES, 4) & EXT_HAS_JOURNAL) &&
	    !little(sb + EXT_JOURNAL_INODE, 4) && !mount_options_have(given, "journal_dev=") &&
	    !mount_options_have(given, "journal_path="))
		return filesystem_refuse(node, "has its journal on another device", e);
	memcpy(words, sb + EXT_OPTIONS_TEXT, EXT_OPTIONS_LEN);
	return check_words(node, type, words, given, e);
}
