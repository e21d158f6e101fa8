/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which words of mkfs and mount are let through. */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

#include "volume/filesystem.h"

#define EXT 1u
#define XFS 2u
#define ANY (EXT | XFS)

static unsigned family(const char *type)
{
	if (!type)
		return ANY;
	return !strncmp(type, "ext", 3) ? EXT : !strcmp(type, "xfs") ? XFS : 0;
}

int filesystem_known(const char *type, bool made, struct err **e)
{
	static const char *const known[] = {"ext4", "xfs", "ext3", "ext2"};

	for (size_t i = 0; i < (made ? 2 : ARRAY_SIZE(known)); i++)
		if (!strcmp(type, known[i]))
			return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP, "rbdvol does not %s file systems of type '%s'",
		made ? "make" : "mount", type);
	return err_hint(e, made ? "ext4 and xfs can be made" : "attach it and mount it yourself");
}

/* No blank, no path, nothing that a file system's parser takes for more than a value. */
static bool plain_value(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_=.:^,-", *c))
			return false;
	return *text != '\0';
}

/* --- mkfs --- */

static const struct {
	unsigned family;
	const char *letters; /* each takes a value */
} mkfs_letters[] = {{EXT, "bCgGiImNOL"}, {XFS, "bdimnsL"}};

static bool mkfs_letter(const char *type, char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(mkfs_letters); i++)
		if ((mkfs_letters[i].family & family(type)) &&
		    strchr(mkfs_letters[i].letters, letter))
			return true;
	return false;
}

/* mkfs.xfs can take the data section from a file. */
static bool mkfs_value(const char *value)
{
	return plain_value(value) && *value != '-' && !strstr(value, "name") &&
	       !strstr(value, "file");
}

static int mkfs_word(const char *type, const char *word, bool *wants_value, struct err **e)
{
	bool fine;

	if (*wants_value) {
		*wants_value = false;
		fine = mkfs_value(word);
	} else {
		fine = word[0] == '-' && word[1] && mkfs_letter(type, word[1]) &&
		       (!word[2] || mkfs_value(word + 2));
		*wants_value = fine && !word[2];
	}
	if (fine)
		return 0;
	err_set(e, ERR_USAGE, -EINVAL, "'%s' is not among the options that mkfs.%s may get", word,
		type);
	return err_hint(e, "see rbdvol-docker(7) for those it may");
}

int mkfs_options_check(const char *type, const char *options, struct err **e)
{
	_cleanup_free_ char *copy = strdup(options);
	bool wants_value = false;
	char *rest = copy, *word;

	if (!copy)
		return err_oom(e);
	while ((word = strsep(&rest, " "))) {
		int r = *word ? mkfs_word(type, word, &wants_value, e) : 0;

		if (r < 0)
			return r;
	}
	if (wants_value)
		return err_set(e, ERR_USAGE, -EINVAL, "the last option of mkfs.%s has no value",
			       type);
	return 0;
}

/* --- mount --- */

static const struct mount_option {
	const char *name; /* with '=' at its end: it takes a value */
	unsigned family;
	unsigned long set, clear; /* flags; both 0: for the file system */
} mount_options[] = {
	{"ro", ANY, MS_RDONLY, 0},
	{"rw", ANY, 0, MS_RDONLY},
	{"suid", ANY, 0, MS_NOSUID},
	{"nosuid", ANY, MS_NOSUID, 0},
	{"dev", ANY, 0, MS_NODEV},
	{"nodev", ANY, MS_NODEV, 0},
	{"exec", ANY, 0, MS_NOEXEC},
	{"noexec", ANY, MS_NOEXEC, 0},
	{"sync", ANY, MS_SYNCHRONOUS, 0},
	{"dirsync", ANY, MS_DIRSYNC, 0},
	{"noatime", ANY, MS_NOATIME, 0},
	{"nodiratime", ANY, MS_NODIRATIME, 0},
	{"relatime", ANY, MS_RELATIME, 0},
	{"strictatime", ANY, MS_STRICTATIME, 0},
	{"lazytime", ANY, MS_LAZYTIME, 0},
	{"discard", ANY, 0, 0},
	{"nodiscard", ANY, 0, 0},
	{"acl", EXT, 0, 0},
	{"noacl", EXT, 0, 0},
	{"user_xattr", EXT, 0, 0},
	{"nouser_xattr", EXT, 0, 0},
	{"commit=", EXT, 0, 0},
	{"data=", EXT, 0, 0},
	{"delalloc", EXT, 0, 0},
	{"nodelalloc", EXT, 0, 0},
	{"errors=", EXT, 0, 0},
	{"stripe=", EXT, 0, 0},
	{"auto_da_alloc", EXT, 0, 0},
	{"noauto_da_alloc", EXT, 0, 0},
	{"journal_checksum", EXT, 0, 0},
	{"allocsize=", XFS, 0, 0},
	{"inode32", XFS, 0, 0},
	{"inode64", XFS, 0, 0},
	{"largeio", XFS, 0, 0},
	{"nolargeio", XFS, 0, 0},
	{"logbsize=", XFS, 0, 0},
	{"logbufs=", XFS, 0, 0},
	{"swalloc", XFS, 0, 0},
	{"uquota", XFS, 0, 0},
	{"gquota", XFS, 0, 0},
	{"pquota", XFS, 0, 0},
	{"prjquota", XFS, 0, 0},
	{"noquota", XFS, 0, 0},
};

static const struct mount_option *mount_option(unsigned families, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(mount_options); i++) {
		const struct mount_option *o = &mount_options[i];
		size_t len = strlen(o->name);
		bool value = o->name[len - 1] == '=';

		if (!(o->family & families))
			continue;
		if (value ? !strncmp(word, o->name, len) : !strcmp(word, o->name))
			return value && !plain_value(word + len) ? NULL : o;
	}
	return NULL;
}

static int mount_word(const char *type, const char *word, unsigned long *flags, FILE *data,
		      struct err **e)
{
	const struct mount_option *o = mount_option(family(type), word);

	if (!strcmp(word, "errors=panic"))
		o = NULL; /* a volume's fault must not end the host */
	if (!o) {
		err_set(e, ERR_USAGE, -EINVAL, "'%s' is not among the mount options of %s", word,
			type ? type : "a volume");
		return err_hint(e, "see rbdvol-docker(7) for those that are");
	}
	*flags = (*flags | o->set) & ~o->clear;
	if (!o->set && !o->clear)
		fprintf(data, "%s%s", ftell(data) ? "," : "", word);
	return 0;
}

static int mount_words(const char *type, char *options, unsigned long *flags, FILE *data,
		       struct err **e)
{
	char *word;

	while ((word = strsep(&options, ","))) {
		int r = *word ? mount_word(type, word, flags, data, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int mount_options_parse(const char *type, const char *options, unsigned long *flags, char **data,
			struct err **e)
{
	_cleanup_free_ char *copy = strdup(options ? options : ""), *text = NULL;
	FILE *stream;
	size_t len;
	int r;

	stream = copy ? open_memstream(&text, &len) : NULL;
	if (!stream)
		return err_oom(e);
	*flags = MS_NOSUID | MS_NODEV;
	r = mount_words(type, copy, flags, stream, e);
	if (fclose(stream) && r >= 0)
		r = err_oom(e);
	if (r >= 0 && data)
		*data = steal(&text);
	return r;
}
