/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/voltab.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/request.h"
#include "base/spec.h"
#include "base/value.h"

void voltab_line_deinit(struct voltab_line *l)
{
	free(l->volume);
	free(l->folder);
	strlist_deinit(&l->create);
	strlist_deinit(&l->attach);
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
	int ret;

	if (o->metavar && (!value || !*value))
		return err_set(e, ERR_USAGE, -EINVAL, "the option %s= has no value", key);
	ret = request_set(&r->request, VERB_ATTACH, key, o->metavar ? value : "yes", e);
	if (ret < 0)
		return ret;
	if (request_option_find(VERB_CREATE, key) && strcmp(key, "from"))
		ret = add_flag(&l->create, key, o->metavar ? value : NULL);
	if (ret >= 0 && (strcmp(key, "size") || r->request.from))
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

/* Words for systemd, mount and the file system are fine in fstab; they are read elsewhere. */
static int read_word(struct reading *r, char *word, struct err **e)
{
	struct voltab_line *l = r->line;
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	if (!strcmp(word, "nofail"))
		l->nofail = true;
	else if (!strcmp(word, "noauto"))
		l->noauto = true;
	else if (!strcmp(word, "_netdev"))
		l->netdev = true;
	else if (!strcmp(word, "ro"))
		return add_option(r, "read_only", NULL, e);
	else if (!strcmp(word, "map"))
		return strlist_add(&l->attach, "--options") < 0 ||
				       strlist_add(&l->attach, "%s", value ? value : "") < 0
			       ? err_oom(e)
			       : 0;
	else if (!strcmp(word, "retry"))
		return add_retry(r, value, e);
	else if (strcmp(word, "options") && request_option_find(VERB_ATTACH, word))
		return add_option(r, word, value, e);
	else if (!r->fstab && strcmp(word, "auto") && strcmp(word, "-") && strcmp(word, "none") &&
		 strcmp(word, "defaults"))
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
static int read_options(struct reading *r, char *options, struct err **e)
{
	const char *from = from_word(options);
	_cleanup_free_ char *first = from ? strndup(from, strcspn(from, ",")) : NULL;
	char *rest = options, *word;
	int ret = 0;

	if (from && !first)
		return err_oom(e);
	if (first)
		ret = read_word(r, first, e);
	while (ret >= 0 && (word = strsep(&rest, ",")))
		if (*word && strncmp(word, "from=", 5))
			ret = read_word(r, word, e);
	return ret;
}

static int check_spec(const struct reading *r, const char *text, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};

	return spec_parse(text, r->request.pool ? r->request.pool : "rbd", &spec, e);
}

static int finish(struct reading *r, struct err **e)
{
	struct voltab_line *l = r->line;
	int ret = check_spec(r, l->volume, e);

	if (ret >= 0 && r->request.from)
		ret = check_spec(r, r->request.from, e);
	/* A clone is made by the attach, an empty volume by a create before it. */
	if (r->request.from || !r->request.size_bytes)
		strlist_deinit(&l->create);
	if (ret >= 0 && r->fstab && !l->netdev) {
		err_set(e, ERR_USAGE, -EINVAL, "the option _netdev is missing");
		return err_hint(e, "without it systemd mounts before there is a network");
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
	if (r->fstab && !(r->line->folder = strdup(word[1])))
		return err_oom(e);
	if (source && strcmp(source, "-") && strcmp(source, "none"))
		ret = add_option(r, "from", source, e);
	if (ret >= 0)
		ret = read_options(r, options ? options : none, e);
	return ret < 0 ? ret : finish(r, e);
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
		return err_set(e, ERR_USAGE, -EINVAL,
			       "more than volume, source and options: '%s' is too much", word[3]);
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
