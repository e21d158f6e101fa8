/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/rbdmap.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* The generator takes no longer line. */
#define LINE_MAX_BYTES 4096

void rbdmap_line_deinit(struct rbdmap_line *l)
{
	spec_deinit(&l->spec);
	strlist_deinit(&l->options);
	free(l->keyring);
	*l = (struct rbdmap_line){0};
}

/* --- a parameter each --- */

static int take_word(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	if (strchr(value, ','))
		return err_set(e, ERR_USAGE, -EINVAL, "the value of '%s' has a comma", word);
	return strlist_add(&l->options, "%s=%s", word, value) < 0 ? err_oom(e) : 0;
}

static int take_name(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	if (strncmp(value, "client.", 7) || !value[7])
		return err_set(e, ERR_USAGE, -EINVAL, "the name '%s' is not that of a client",
			       value);
	return take_word(l, word, value + 7, e);
}

static int take_keyring(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	(void)word;
	free(l->keyring);
	l->keyring = strdup(value);
	return l->keyring ? 0 : err_oom(e);
}

static int take_flag(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	(void)value;
	return strlist_add(&l->options, "%s", word) < 0 ? err_oom(e) : 0;
}

/* "a,b=c" are several options of rbdvoltab's. */
static int take_options(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	while (*value) {
		int len = (int)strcspn(value, ",");
		int r = 0;

		if (len == 2 && !strncmp(value, "ro", 2))
			r = strlist_add(&l->options, "ro");
		else if (len && !(len == 2 && !strncmp(value, "rw", 2)))
			r = strlist_add(&l->options, "%s=%.*s", word, len, value);
		if (r < 0)
			return err_oom(e);
		value += len + (value[len] == ',');
	}
	return 0;
}

/* The long options of "rbd device map", which is what rbdmap makes of its parameters. */
static const struct parameter {
	const char *name;
	const char *word; /* in rbdvoltab */
	int (*take)(struct rbdmap_line *l, const char *word, const char *value, struct err **e);
	bool flag;
} parameters[] = {
	{"id", "id", take_word, false},		{"user", "id", take_word, false},
	{"name", "id", take_name, false},	{"cluster", "cluster", take_word, false},
	{"keyring", NULL, take_keyring, false}, {"options", "map", take_options, false},
	{"read-only", "ro", take_flag, true},	{"exclusive", "map=exclusive", take_flag, true},
};

static int take(struct rbdmap_line *l, const char *name, const char *value, struct err **e)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		const struct parameter *p = &parameters[i];

		if (strcmp(name, p->name))
			continue;
		if (p->flag && value)
			return err_set(e, ERR_USAGE, -EINVAL, "'%s' takes no value", name);
		if (!p->flag && (!value || !*value))
			return err_set(e, ERR_USAGE, -EINVAL, "'%s' has no value", name);
		return p->take(l, p->word, value, e);
	}
	err_set(e, ERR_USAGE, -EINVAL, "rbdvol has nothing for the parameter '%s'", name);
	return err_hint(e, "see rbdvoltab(5) for what a volume can have");
}

/* --- the line --- */

/* The next of "NAME[=VALUE],…" as rbdmap cuts them, with single quotes around what has commas. */
static int next_parameter(char **rest, char **name, char **value, struct err **e)
{
	char *p = *rest, *to = p;
	bool quoted = false;

	*name = p;
	*value = NULL;
	for (; *p && (quoted || *p != ','); p++) {
		if (*p == '\'') {
			quoted = !quoted;
		} else if (*p == '=' && !quoted && !*value) {
			*to++ = '\0';
			*value = to;
		} else {
			*to++ = *p;
		}
	}
	*rest = *p ? p + 1 : p;
	*to = '\0';
	return quoted ? err_set(e, ERR_USAGE, -EINVAL, "a quote is not closed") : 0;
}

static int read_parameters(struct rbdmap_line *l, char *text, struct err **e)
{
	int r = 0;

	text[strcspn(text, "#")] = '\0';
	for (size_t len = strlen(text); len && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	for (const char *p = text; *p; p++)
		if (isspace((unsigned char)*p) || iscntrl((unsigned char)*p))
			return err_set(e, ERR_USAGE, -EINVAL,
				       "a blank or control character among the parameters");
	while (r >= 0 && *text) {
		char *name, *value;

		r = next_parameter(&text, &name, &value, e);
		if (r >= 0 && *name)
			r = take(l, name, value, e);
	}
	return r;
}

static int check_length(const struct rbdmap_line *l, struct err **e)
{
	_cleanup_free_ char *line = rbdmap_volume_line(l);

	if (!line)
		return err_oom(e);
	return strlen(line) <= LINE_MAX_BYTES
		       ? 0
		       : err_set(e, ERR_USAGE, -E2BIG, "the line is too long for rbdvoltab");
}

int rbdmap_parse(char *text, struct rbdmap_line *out, struct err **e)
{
	char *device = text + strspn(text, " \t"), *rest = device + strcspn(device, " \t");
	int r;

	*out = (struct rbdmap_line){0};
	if (!*device || *device == '#')
		return 0;
	/* It would read on in the next line, or drop the character. */
	if (strchr(text, '\\'))
		return err_set(e, ERR_USAGE, -EINVAL, "a backslash, which rbdmap takes away");
	if (*rest)
		*rest++ = '\0';
	/* rbdmap, too, takes the pool rbd where none is named, whatever the default is. */
	r = spec_parse(device, "rbd", &out->spec, e);
	if (r >= 0)
		r = read_parameters(out, rest + strspn(rest, " \t"), e);
	if (r >= 0)
		r = check_length(out, e);
	if (r >= 0)
		return 1;
	rbdmap_line_deinit(out);
	return r;
}

/* --- what it becomes --- */

char *rbdmap_volume_line(const struct rbdmap_line *l)
{
	_cleanup_free_ char *name = spec_format(&l->spec);
	_cleanup_free_ char *options = strlist_join(&l->options, ",", 0);
	char *out;

	if (!name || !options || asprintf(&out, "%s%s%s", name, *options ? " - " : "", options) < 0)
		return NULL;
	return out;
}

/* Behind the name of L's device at the beginning of DEVICE: "", or "-part1"; NULL: it is another
 * device. */
static const char *partition_of(const struct rbdmap_line *l, const char *device)
{
	_cleanup_free_ char *name = spec_format(&l->spec);
	size_t len = name ? strlen(name) : 0;
	const char *rest;

	if (!len || strncmp(device, "/dev/rbd/", 9) || strncmp(device + 9, name, len))
		return NULL;
	rest = device + 9 + len;
	if (!*rest)
		return rest;
	return !strncmp(rest, "-part", 5) && rest[5] && !rest[5 + strspn(rest + 5, "0123456789")]
		       ? rest
		       : NULL;
}

/* rbdmap mounts what systemd must not (noauto); now systemd does, when there is a network. */
static void print_options(FILE *f, char *options)
{
	const char *separator = "";
	bool netdev = false;
	char *word;

	while ((word = strsep(&options, ","))) {
		netdev |= !strcmp(word, "_netdev");
		if (!*word || !strcmp(word, "noauto") || !strcmp(word, "defaults"))
			continue;
		fprintf(f, "%s%s", separator, word);
		separator = ",";
	}
	if (!netdev)
		fprintf(f, "%s_netdev", separator);
}

int rbdmap_fstab_line(const struct rbdmap_line *l, const char *text, char **out)
{
	_cleanup_free_ char *copy = strdup(text), *link = spec_link_name(&l->spec);
	char *save = NULL, *word = copy ? strtok_r(copy, " \t", &save) : NULL, *options;
	const char *partition = word && link ? partition_of(l, word) : NULL;
	size_t len;
	FILE *f;

	if (!copy || !link)
		return -ENOMEM;
	if (!partition)
		return 0;
	f = open_memstream(out, &len);
	if (!f)
		return -ENOMEM;
	fputs("/dev/rbdvol/", f);
	for (const char *c = link; *c; c++) /* a backslash begins an octal number in fstab */
		*c == '\\' ? fputs("\\134", f) : fputc(*c, f);
	fputs(partition, f);
	for (int i = 0; i < 2 && (word = strtok_r(NULL, " \t", &save)); i++)
		fprintf(f, " %s", word);
	options = word ? strtok_r(NULL, " \t", &save) : NULL;
	fputc(' ', f);
	print_options(f, options);
	while ((word = strtok_r(NULL, " \t", &save)))
		fprintf(f, " %s", word);
	if (!fclose(f))
		return 1;
	free(*out);
	return -ENOMEM;
}
