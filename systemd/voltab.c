/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/voltab.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/request.h"
#include "base/spec.h"
#include "base/str.h"
#include "base/value.h"

void voltab_line_deinit(struct voltab_line *l)
{
	free(l->volume);
	free(l->directory);
	free(l->link);
	free(l->umount_timeout);
	strlist_deinit(&l->create);
	strlist_deinit(&l->attach);
	strlist_deinit(&l->detach);
	free(l->cluster);
	*l = (struct voltab_line){0};
}

/* The option's flag and value, for the verb's words. */
static int add_flag(struct strlist *words, const char *key, const char *value)
{
	_cleanup_free_ char *flag = strdup(key);

	if (!flag)
		return -ENOMEM;
	for (char *c = flag; *c; c++)
		if (*c == '_')
			*c = '-';
	if (strlist_add(words, "--%s", flag) < 0)
		return -ENOMEM;
	return value ? strlist_add(words, "%s", value) : 0;
}

/* What a line says, checked as the command would. */
struct reading {
	struct voltab_line *line;
	struct volume_request request;
	bool fstab;
};

static int add_option(struct reading *r, const char *key, const char *value, struct err **e)
{
	const struct request_option *o = request_option_find(VERB_ATTACH, key);
	struct voltab_line *l = r->line;
	bool on = true;
	int ret = 0;

	if (o->metavar && (!value || !*value))
		return err_set(e, ERR_USAGE, -EINVAL, "the option %s= has no value", key);
	if (!o->metavar && value)
		ret = value_bool(key, value, &on, e);
	if (ret < 0 || !on)
		return ret;
	ret = request_set(&r->request, VERB_ATTACH, key, o->metavar ? value : "yes", e);
	if (ret < 0)
		return ret;
	if (request_option_find(VERB_DETACH, key) && strcmp(key, "timeout"))
		ret = add_flag(&l->detach, key, value);
	if (ret >= 0 && request_option_find(VERB_CREATE, key) && strcmp(key, "from"))
		ret = add_flag(&l->create, key, o->metavar ? value : NULL);
	/* A mount grows what it mounts; and there a volume may be larger since. */
	if (ret >= 0 && (strcmp(key, "size") || (r->request.from && !r->fstab)))
		ret = add_flag(&l->attach, key, o->metavar ? value : NULL);
	return ret < 0 ? err_oom(e) : 0;
}

static int add_retry(struct reading *r, const char *value, struct err **e)
{
	uint64_t us;
	int ret = value_seconds("retry", value ? value : "", &us, e);

	if (ret < 0)
		return ret;
	r->line->retry = true;
	return add_flag(&r->line->attach, "retry", value) < 0 ||
			       add_flag(&r->line->create, "retry", value) < 0
		       ? err_oom(e)
		       : 0;
}

static int add_map_option(struct reading *r, const char *value, struct err **e)
{
	if (!value || !*value)
		return err_set(e, ERR_USAGE, -EINVAL, "the option map= has no value");
	return strlist_add(&r->line->attach, "--options") < 0 ||
			       strlist_add(&r->line->attach, "%s", value) < 0
		       ? err_oom(e)
		       : 0;
}

static int set_umount_timeout(struct reading *r, const char *value, struct err **e)
{
	uint64_t us;
	int ret = value_seconds("umount_timeout", value ? value : "", &us, e);

	if (ret < 0)
		return ret;
	free(r->line->umount_timeout);
	r->line->umount_timeout = strdup(value);
	return r->line->umount_timeout ? 0 : err_oom(e);
}

static int set_read_only(struct reading *r, const char *value, struct err **e)
{
	(void)value;
	return add_option(r, "read_only", NULL, e);
}

static int refuse_steal(struct reading *r, const char *value, struct err **e)
{
	(void)r;
	(void)value;
	return request_no_steal(e);
}

/* mount.rbdvol takes these; here they are only looked at, so that the boot tells of the line. */
static int check_partition(struct reading *r, const char *value, struct err **e)
{
	unsigned partition;

	(void)r;
	return value_partition(value ? value : "", &partition, e);
}

static int check_filesystem(struct reading *r, const char *value, struct err **e)
{
	(void)r;
	if (!value || !*value)
		return err_set(e, ERR_USAGE, -EINVAL, "mkfs= or fstype= has no value");
	return value_filesystem(value, e);
}

enum { IN_FSTAB = 1, IN_VOLTAB = 2 };

/* Words that are not options of attach. */
static const struct {
	const char *word;
	unsigned where;
	size_t flag; /* of the line, where SET is NULL */
	int (*set)(struct reading *r, const char *value, struct err **e);
} own_words[] = {
	{"nofail", IN_FSTAB | IN_VOLTAB, offsetof(struct voltab_line, nofail), NULL},
	{"noauto", IN_FSTAB | IN_VOLTAB, offsetof(struct voltab_line, noauto), NULL},
	{"_netdev", IN_FSTAB | IN_VOLTAB, offsetof(struct voltab_line, netdev), NULL},
	{"swap", IN_VOLTAB, offsetof(struct voltab_line, swap), NULL},
	{"x-systemd.automount", IN_FSTAB, offsetof(struct voltab_line, automount), NULL},
	{"ro", IN_FSTAB | IN_VOLTAB, 0, set_read_only},
	{"map", IN_FSTAB | IN_VOLTAB, 0, add_map_option},
	{"retry", IN_FSTAB | IN_VOLTAB, 0, add_retry},
	{"umount_timeout", IN_FSTAB, 0, set_umount_timeout},
	{"part", IN_FSTAB, 0, check_partition},
	{"mkfs", IN_FSTAB, 0, check_filesystem},
	{"fstype", IN_FSTAB, 0, check_filesystem},
	{"steal", IN_FSTAB | IN_VOLTAB, 0, refuse_steal},
	{"steal_shared", IN_FSTAB | IN_VOLTAB, 0, refuse_steal},
};

/* 1: it was one of those. */
static int read_own_word(struct reading *r, const char *word, const char *value, struct err **e)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_words); i++) {
		int ret;

		if (strcmp(word, own_words[i].word) ||
		    !(own_words[i].where & (r->fstab ? IN_FSTAB : IN_VOLTAB)))
			continue;
		if (own_words[i].set) {
			ret = own_words[i].set(r, value, e);
			return ret < 0 ? ret : 1;
		}
		*(bool *)((char *)r->line + own_words[i].flag) = true;
		return 1;
	}
	return 0;
}

static bool is_filler(const char *word)
{
	return !strcmp(word, "auto") || !strcmp(word, "-") || !strcmp(word, "none") ||
	       !strcmp(word, "defaults");
}

/* Words for systemd, mount and the file system are fine in fstab; they are read elsewhere. */
static int read_word(struct reading *r, char *word, struct err **e)
{
	char *value = strchr(word, '=');
	int ret;

	if (value)
		*value++ = '\0';
	ret = read_own_word(r, word, value, e);
	if (ret)
		return ret < 0 ? ret : 0;
	if (strcmp(word, "options") && request_option_find(VERB_ATTACH, word))
		return add_option(r, word, value, e);
	if (!r->fstab && !is_filler(word))
		return err_set(e, ERR_USAGE, -EINVAL, "there is no option '%s'", word);
	return 0;
}

static const char *from_word(const char *options)
{
	const char *p = options;

	while (p && strncmp(p, "from=", 5)) {
		p = strchr(p, ',');
		p = p ? p + 1 : NULL;
	}
	return p;
}

/* from= comes first, as size= means another thing beside it. */
static int voltab_read_options(struct reading *r, char *options, struct err **e)
{
	const char *from = from_word(options);
	_cleanup_free_ char *first = from ? strndup(from, strcspn(from, ",")) : NULL;
	char *rest = options, *word;
	int ret = 0;

	if (from && r->request.from)
		return err_set(e, ERR_USAGE, -EINVAL, "a second parent: '%s' as the source, and %s",
			       r->request.from, from);
	if (from && !first)
		return err_oom(e);
	if (first)
		ret = read_word(r, first, e);
	while (ret >= 0 && (word = strsep(&rest, ","))) {
		if (word == from)
			continue;
		if (!strncmp(word, "from=", 5))
			ret = err_set(e, ERR_USAGE, -EINVAL, "a second parent: '%s'", word + 5);
		else if (*word)
			ret = read_word(r, word, e);
	}
	return ret;
}

static int voltab_read_spec(const struct reading *r, const char *text, struct spec *out,
			    struct err **e)
{
	return spec_parse(text, r->request.pool ? r->request.pool : "rbd", out, e);
}

static int set_link(struct reading *r, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_free_ char *name = NULL;
	int ret = voltab_read_spec(r, r->line->volume, &spec, e);

	if (ret >= 0)
		ret = spec_check_mappable(&spec, e);
	if (ret < 0)
		return ret;
	name = spec_link_name(&spec);
	if (!name || str_printf(&r->line->link, "/dev/rbdvol/%s", name) < 0) {
		r->line->link = NULL;
		return err_oom(e);
	}
	return 0;
}

static int check_source(const struct reading *r, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};

	return r->request.from ? voltab_read_spec(r, r->request.from, &spec, e) : 0;
}

static int voltab_finish(struct reading *r, struct err **e)
{
	struct voltab_line *l = r->line;
	int ret = set_link(r, e);

	if (ret >= 0)
		ret = check_source(r, e);
	/* A clone is made by the attach, an empty volume by a create before it. */
	if (r->request.from || !r->request.size_bytes)
		strlist_deinit(&l->create);
	l->cluster = steal(&r->request.cluster);
	if (ret >= 0 && r->fstab && !l->netdev) {
		err_set(e, ERR_USAGE, -EINVAL, "the option _netdev is missing");
		return err_hint(e, "without it systemd mounts before there is a network, so the "
				   "line is not served: add it");
	}
	return ret;
}

/* "\040" is a blank, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' && strspn(p + 1, "01234567") >= 3 && p[1] <= '3') {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

static int read_words(struct reading *r, char *word[6], struct err **e)
{
	char *options = r->fstab ? word[3] : word[2], none[] = "";
	const char *source = r->fstab ? NULL : word[1];
	int ret = 0;

	if (!(r->line->volume = strdup(word[0])))
		return err_oom(e);
	if (r->fstab && *word[1] != '/')
		return err_set(e, ERR_USAGE, -EINVAL, "the directory '%s' does not begin with /",
			       word[1]);
	if (r->fstab && !(r->line->directory = strdup(word[1])))
		return err_oom(e);
	if (source && strcmp(source, "-") && strcmp(source, "none"))
		ret = add_option(r, "from", source, e);
	if (ret >= 0)
		ret = voltab_read_options(r, options ? options : none, e);
	return ret < 0 ? ret : voltab_finish(r, e);
}

int voltab_parse(char *text, bool fstab, struct voltab_line *out, struct err **e)
{
	struct reading r = {.line = out, .fstab = fstab};
	char *word[6] = {NULL}, *save = NULL;
	size_t n = 0;
	int ret;

	*out = (struct voltab_line){0};
	for (char *w = strtok_r(text, " \t", &save); w && n < 6; w = strtok_r(NULL, " \t", &save))
		word[n++] = w;
	if (!n || *word[0] == '#' || (fstab && (n < 3 || strcmp(word[2], "rbdvol"))))
		return 0;
	for (size_t i = 0; i < n; i++)
		unescape(word[i]);
	if (!fstab && n > 3)
		return err_set(e, ERR_USAGE, -EINVAL, "unexpected word '%s' after the options",
			       word[3]);
	ret = read_words(&r, word, e);
	request_deinit(&r.request);
	if (ret >= 0)
		return 1;
	voltab_line_deinit(out);
	return ret;
}

void unit_escape(FILE *f, const char *text, bool path)
{
	const char *p = text;

	while (path && *p == '/')
		p++;
	if (path && !*p)
		fputc('-', f);
	for (const char *start = p; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (path && c == '/' && (p[1] == '/' || !p[1]))
			continue;
		if (c == '/')
			fputc('-', f);
		else if ((c < 0x80 && (isalnum(c) || strchr(":_", c))) || (c == '.' && p != start))
			fputc(c, f);
		else
			fprintf(f, "\\x%02x", c);
	}
}

void unit_words(FILE *f, const struct strlist *words)
{
	for (size_t i = 0; i < words->n; i++) {
		fputs(" \"", f);
		for (const char *p = words->items[i]; *p; p++) {
			if (strchr("\"\\", *p))
				fputc('\\', f);
			if (strchr("%$", *p))
				fputc(*p, f);
			fputc(*p, f);
		}
		fputc('"', f);
	}
}
