/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which words of mkfs and mount are let through. */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/filesystem-options.h"

#define EXT 1u
#define XFS 2u
#define ANY (EXT | XFS)

static unsigned family(const char *type)
{
	if (!type)
		return ANY;
	if (!strncmp(type, "ext", 3))
		return EXT;
	return !strcmp(type, "xfs") ? XFS : 0;
}

/* --- values --- */

enum kind {
	KIND_NONE,
	KIND_NUMBER,
	KIND_DECIMAL,
	KIND_SIZE,  /* a number, perhaps with a unit */
	KIND_PARTS, /* with commas between them: NAME=SIZE */
	KIND_FEATURES,
	KIND_LABEL,
	KIND_WORDS, /* one of those that are listed */
};

#define DIGITS	"0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* A number of few digits; DOT: with a fraction, perhaps; UNITS: with one of these letters behind
 * it, perhaps. */
static bool is_number(const char *text, size_t len, bool dot, const char *units)
{
	size_t n = strspn(text, DIGITS);

	if (!n || n > 15 || n > len)
		return false;
	if (dot && text[n] == '.' && n + 1 < len)
		n += 1 + strspn(text + n + 1, DIGITS);
	if (n < len && strchr(units, text[n]))
		n++;
	return n == len;
}

static bool is_word_of(const char *words, const char *text)
{
	size_t len = strlen(text);

	for (const char *w = words; *w; w += strcspn(w, "|"), w += *w == '|')
		if (len && strcspn(w, "|") == len && !strncmp(w, text, len))
			return true;
	return false;
}

/* mkfs.xfs can take the data section from a file, by name= and file=: a path is not a number, but 1
 * would be one. */
static bool is_part(const char *text, size_t len)
{
	size_t n = strspn(text, LETTERS);
	bool path = !strncmp(text, "name=", 5) || !strncmp(text, "file=", 5);

	return n && n < len && text[n] == '=' && !path &&
	       is_number(text + n + 1, len - n - 1, false, "kmgtbs");
}

static bool is_feature(const char *text, size_t len)
{
	size_t start = *text == '^';

	return len > start && strspn(text + start, LETTERS DIGITS "_") == len - start;
}

static bool each(const char *text, bool (*is_fine)(const char *text, size_t len))
{
	for (;;) {
		size_t len = strcspn(text, ",");

		if (!is_fine(text, len))
			return false;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

static bool is_label(const char *text)
{
	size_t len = strlen(text);

	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
			return false;
	return len && len <= 12 && *text != '-'; /* as long as xfs has them; ext4 has 16 */
}

static bool value_fits(enum kind kind, const char *words, const char *text)
{
	switch (kind) {
	case KIND_NONE:
		return false;
	case KIND_NUMBER:
		return is_number(text, strlen(text), false, "");
	case KIND_DECIMAL:
		return is_number(text, strlen(text), true, "");
	case KIND_SIZE:
		return is_number(text, strlen(text), false, "kmgtKMGT");
	case KIND_PARTS:
		return each(text, is_part);
	case KIND_FEATURES:
		return each(text, is_feature);
	case KIND_LABEL:
		return is_label(text);
	case KIND_WORDS:
		return is_word_of(words, text);
	}
	return false;
}

/* --- mkfs --- */

static const struct {
	unsigned family;
	enum kind kind;
	const char *letters; /* each takes a value */
} mkfs_letters[] = {
	{EXT, KIND_SIZE, "bCgGiIN"}, {EXT, KIND_DECIMAL, "m"},	  {EXT, KIND_FEATURES, "O"},
	{EXT, KIND_LABEL, "L"},	     {XFS, KIND_PARTS, "bdimns"}, {XFS, KIND_LABEL, "L"},
};

/* KIND_NONE: it is not let through. */
static enum kind mkfs_letter(const char *type, char letter)
{
	for (size_t i = 0; letter && i < ARRAY_SIZE(mkfs_letters); i++)
		if ((mkfs_letters[i].family & family(type)) &&
		    strchr(mkfs_letters[i].letters, letter))
			return mkfs_letters[i].kind;
	return KIND_NONE;
}

/* *wanted is the kind of the value that the word before wants. */
static int mkfs_word(const char *type, const char *word, enum kind *wanted, struct err **e)
{
	enum kind kind = *wanted;
	const char *value = word;

	if (kind == KIND_NONE && word[0] == '-') {
		kind = mkfs_letter(type, word[1]);
		value = kind == KIND_NONE ? word : word + 2;
	}
	*wanted = kind != KIND_NONE && !*value ? kind : KIND_NONE;
	if (*wanted != KIND_NONE || value_fits(kind, NULL, value))
		return 0;
	err_set(e, ERR_USAGE, -EINVAL, "'%s' is not among the options that mkfs.%s may get", word,
		type);
	return err_hint(e, "see rbdvol-docker(7) for the allowed options");
}

int mkfs_options_check(const char *type, const char *options, struct err **e)
{
	_cleanup_free_ char *copy = strdup(options);
	enum kind wanted = KIND_NONE;
	char *rest = copy, *word;

	if (!copy)
		return err_oom(e);
	while ((word = strsep(&rest, " "))) {
		int r = *word ? mkfs_word(type, word, &wanted, e) : 0;

		if (r < 0)
			return r;
	}
	if (wanted != KIND_NONE)
		return err_set(e, ERR_USAGE, -EINVAL, "the last option of mkfs.%s has no value",
			       type);
	return 0;
}

/* --- mount --- */

static const struct mount_option {
	const char *name; /* with '=' at its end: it takes a value */
	unsigned family;
	unsigned long set, clear; /* flags; both 0: for the file system */
	enum kind kind;		  /* of the value */
	const char *words;
} mount_options[] = {
	{"ro", ANY, MS_RDONLY, 0, KIND_NONE, NULL},
	{"rw", ANY, 0, MS_RDONLY, KIND_NONE, NULL},
	{"suid", ANY, 0, MS_NOSUID, KIND_NONE, NULL},
	{"nosuid", ANY, MS_NOSUID, 0, KIND_NONE, NULL},
	{"dev", ANY, 0, MS_NODEV, KIND_NONE, NULL},
	{"nodev", ANY, MS_NODEV, 0, KIND_NONE, NULL},
	{"exec", ANY, 0, MS_NOEXEC, KIND_NONE, NULL},
	{"noexec", ANY, MS_NOEXEC, 0, KIND_NONE, NULL},
	{"sync", ANY, MS_SYNCHRONOUS, 0, KIND_NONE, NULL},
	{"dirsync", ANY, MS_DIRSYNC, 0, KIND_NONE, NULL},
	{"noatime", ANY, MS_NOATIME, 0, KIND_NONE, NULL},
	{"nodiratime", ANY, MS_NODIRATIME, 0, KIND_NONE, NULL},
	{"relatime", ANY, MS_RELATIME, 0, KIND_NONE, NULL},
	{"strictatime", ANY, MS_STRICTATIME, 0, KIND_NONE, NULL},
	{"lazytime", ANY, MS_LAZYTIME, 0, KIND_NONE, NULL},
	{"discard", ANY, 0, 0, KIND_NONE, NULL},
	{"nodiscard", ANY, 0, 0, KIND_NONE, NULL},
	{"acl", EXT, 0, 0, KIND_NONE, NULL},
	{"noacl", EXT, 0, 0, KIND_NONE, NULL},
	{"user_xattr", EXT, 0, 0, KIND_NONE, NULL},
	{"nouser_xattr", EXT, 0, 0, KIND_NONE, NULL},
	{"commit=", EXT, 0, 0, KIND_NUMBER, NULL},
	{"data=", EXT, 0, 0, KIND_WORDS, "ordered|journal|writeback"},
	{"delalloc", EXT, 0, 0, KIND_NONE, NULL},
	{"nodelalloc", EXT, 0, 0, KIND_NONE, NULL},
	/* not panic: a volume's fault must not end the host */
	{"errors=", EXT, 0, 0, KIND_WORDS, "continue|remount-ro"},
	{"stripe=", EXT, 0, 0, KIND_NUMBER, NULL},
	{"auto_da_alloc", EXT, 0, 0, KIND_NONE, NULL},
	{"noauto_da_alloc", EXT, 0, 0, KIND_NONE, NULL},
	{"journal_checksum", EXT, 0, 0, KIND_NONE, NULL},
	{"allocsize=", XFS, 0, 0, KIND_SIZE, NULL},
	{"inode32", XFS, 0, 0, KIND_NONE, NULL},
	{"inode64", XFS, 0, 0, KIND_NONE, NULL},
	{"largeio", XFS, 0, 0, KIND_NONE, NULL},
	{"nolargeio", XFS, 0, 0, KIND_NONE, NULL},
	{"logbsize=", XFS, 0, 0, KIND_SIZE, NULL},
	{"logbufs=", XFS, 0, 0, KIND_NUMBER, NULL},
	{"swalloc", XFS, 0, 0, KIND_NONE, NULL},
	{"uquota", XFS, 0, 0, KIND_NONE, NULL},
	{"gquota", XFS, 0, 0, KIND_NONE, NULL},
	{"pquota", XFS, 0, 0, KIND_NONE, NULL},
	{"prjquota", XFS, 0, 0, KIND_NONE, NULL},
	{"noquota", XFS, 0, 0, KIND_NONE, NULL},
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
			return value && !value_fits(o->kind, o->words, word + len) ? NULL : o;
	}
	return NULL;
}

static int mount_word(const char *type, const char *word, unsigned long *flags, FILE *data,
		      struct err **e)
{
	const struct mount_option *o = mount_option(family(type), word);

	if (!o) {
		err_set(e, ERR_USAGE, -EINVAL, "'%s' is not among the mount options of %s", word,
			type ? type : "a volume");
		return err_hint(e, "see rbdvol-docker(7) for the allowed options");
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

bool mount_option_is_privileged(const char *word)
{
	return !strcmp(word, "suid") || !strcmp(word, "dev");
}

bool mount_options_have(const char *options, const char *word)
{
	size_t len = strlen(word);
	bool any = len && word[len - 1] == '=';

	for (const char *o = options; o; o = strchr(o, ',') ? strchr(o, ',') + 1 : NULL)
		if (!strncmp(o, word, len) && (any || o[len] == ',' || !o[len]))
			return true;
	return false;
}
