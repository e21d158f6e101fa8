/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/rbdmap.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/krbd-options.h"
#include "base/str.h"

/* The generator takes no longer line. */
#define LINE_MAX_BYTES 4096

void rbdmap_line_deinit(struct rbdmap_line *l)
{
	spec_deinit(&l->spec);
	strlist_deinit(&l->options);
	strlist_deinit(&l->notes);
	free(l->keyring);
	*l = (struct rbdmap_line){0};
}

/* --- a parameter each --- */

/* What is not passed on, and why. */
static int drop(struct rbdmap_line *l, const char *what, const char *why, struct err **e)
{
	return strlist_add(&l->notes, "'%s' is dropped: %s", what, why) < 0 ? err_oom(e) : 0;
}

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

/* Who has written the key itself is not shown it. */
static int take_key_file(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	if (*value != '/')
		value = "the file";
	return strlist_add(&l->notes,
			   "'%s' is dropped: rbdvold reads keyrings only: make one of %s, with "
			   "ceph-authtool --create-keyring --add-key, as "
			   "/etc/ceph/ceph.client.USER.keyring",
			   word, value) < 0
		       ? err_oom(e)
		       : 0;
}

static int take_flag(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	(void)value;
	if (strlist_has(&l->options, word))
		return 0;
	return strlist_add(&l->options, "%s", word) < 0 ? err_oom(e) : 0;
}

/* WORD is why it has no place in rbdvoltab. */
static int take_nothing(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	return drop(l, value ? value : "", word, e);
}

static int rbdmap_refuse(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	(void)l;
	err_set(e, ERR_USAGE, -EINVAL, "rbdvoltab cannot name another configuration, as '%s'",
		value);
	return err_hint(e, "%s", word);
}

static int take_device_type(struct rbdmap_line *l, const char *word, const char *value,
			    struct err **e)
{
	if (!strcmp(value, "krbd"))
		return drop(l, "device-type=krbd", word, e);
	err_set(e, ERR_USAGE, -EINVAL, "a device of type '%s'", value);
	return err_hint(e, "%s: remove the parameter if that is enough", word);
}

/* "rbd device map" reads these where the name of the image says nothing of it. */
static int take_part_of_name(char **part, const char *value, struct err **e)
{
	free(*part);
	*part = strdup(value);
	return *part ? 0 : err_oom(e);
}

static int take_namespace(struct rbdmap_line *l, const char *word, const char *value,
			  struct err **e)
{
	if (*l->spec.ns)
		return drop(l, word, "the name of the image has one", e);
	return take_part_of_name(&l->spec.ns, value, e);
}

static int take_snapshot(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	if (l->spec.snap)
		return drop(l, word, "the name of the image has one", e);
	if (!strcmp(value, "-"))
		return drop(l, "snap=-", "that is none", e);
	return take_part_of_name(&l->spec.snap, value, e);
}

/* An option of the kernel's, for which rbdvoltab may have another word, or none. */
static int take_option(struct rbdmap_line *l, const char *word, const char *option, struct err **e)
{
	_cleanup_free_ char *name = strndup(option, strcspn(option, "=")), *words = NULL;
	const char *reason = NULL, *instead = name ? krbd_options_instead(name, &reason) : NULL;

	if (!name || str_printf(&words, "%s=%s", word, option) < 0)
		return err_oom(e);
	if (!instead)
		return take_flag(l, words, NULL, e);
	return *instead ? take_flag(l, instead, NULL, e) : drop(l, option, reason, e);
}

/* "a,b=c" are several options of rbdvoltab's. */
static int take_options(struct rbdmap_line *l, const char *word, const char *value, struct err **e)
{
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy, *option;
	int r = copy ? 0 : err_oom(e);

	while (r >= 0 && (option = strsep(&rest, ",")))
		if (*option)
			r = take_option(l, word, option, e);
	return r;
}

#define NBD_ONLY "it is for devices of type nbd"
#define IN_NAME	 "the name of the image in front of the parameters counts"

/* The long options of "rbd device map", which is what rbdmap makes of its parameters. */
static const struct parameter {
	const char *name;
	const char *word; /* in rbdvoltab, or what TAKE says */
	int (*take)(struct rbdmap_line *l, const char *word, const char *value, struct err **e);
	enum { VALUE, FLAG } kind;
} parameters[] = {
	{"id", "id", take_word, VALUE},
	{"user", "id", take_word, VALUE},
	{"name", "id", take_name, VALUE},
	{"cluster", "cluster", take_word, VALUE},
	{"keyring", NULL, take_keyring, VALUE},
	{"keyfile", "keyfile", take_key_file, VALUE},
	{"secret", "secret", take_key_file, VALUE},
	{"options", "map", take_options, VALUE},
	{"read-only", "ro", take_flag, FLAG},
	{"exclusive", "map=exclusive", take_flag, FLAG},
	{"namespace", "namespace", take_namespace, VALUE},
	{"snap", "snap", take_snapshot, VALUE},
	{"device-type", "rbdvol maps by the kernel's rbd driver only", take_device_type, VALUE},
	{"pool", IN_NAME, take_nothing, VALUE},
	{"image", IN_NAME, take_nothing, VALUE},
	{"no-progress", "rbdvol shows none", take_nothing, FLAG},
	{"quiesce", NBD_ONLY, take_nothing, FLAG},
	{"quiesce-hook", NBD_ONLY, take_nothing, VALUE},
	{"show-cookie", NBD_ONLY, take_nothing, FLAG},
	{"cookie", NBD_ONLY, take_nothing, VALUE},
	{"conf", "give that cluster a section in rbdvol.conf(5), and write cluster=NAME",
	 rbdmap_refuse, VALUE},
	{"mon_host", "write it into the ceph.conf of that cluster", rbdmap_refuse, VALUE},
	{"mon-host", "write it into the ceph.conf of that cluster", rbdmap_refuse, VALUE},
};

static int line_take(struct rbdmap_line *l, const char *name, const char *value, struct err **e)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		const struct parameter *p = &parameters[i];

		if (strcmp(name, p->name))
			continue;
		if (p->kind == FLAG && value)
			return err_set(e, ERR_USAGE, -EINVAL, "'%s' takes no value", name);
		if (p->kind == VALUE && (!value || !*value))
			return err_set(e, ERR_USAGE, -EINVAL, "'%s' has no value", name);
		if (p->take == take_nothing || p->take == rbdmap_refuse)
			value = name;
		return p->take(l, p->word, value, e);
	}
	err_set(e, ERR_USAGE, -EINVAL, "rbdvol has nothing for the parameter '%s'", name);
	return err_hint(e, "see rbdvoltab(5) for the options of a volume");
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
			r = line_take(l, name, value, e);
	}
	return r;
}

/* As attach will look at them; a later kernel may know more than this one. */
static int check_map_options(const struct rbdmap_line *l, struct err **e)
{
	_cleanup_krbd_options_ struct krbd_options options = {0};
	_cleanup_strlist_ struct strlist words = {0};
	_cleanup_free_ char *all = NULL;

	for (size_t i = 0; i < l->options.n; i++)
		if (!strncmp(l->options.items[i], "map=", 4) &&
		    strlist_add(&words, "%s", l->options.items[i] + 4) < 0)
			return err_oom(e);
	all = strlist_join(&words, ",", 0);
	return all ? krbd_options_parse(all, &options, e) : err_oom(e);
}

/* With what parameters have added to it. */
static int line_check_name(const struct rbdmap_line *l, struct err **e)
{
	_cleanup_free_ char *name = spec_format(&l->spec);
	_cleanup_spec_ struct spec spec = {0};

	return name ? spec_parse(name, "rbd", &spec, e) : err_oom(e);
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
		r = check_map_options(out, e);
	if (r >= 0)
		r = line_check_name(out, e);
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

	if (!name || !options ||
	    str_printf(&out, "%s%s%s", name, *options ? " - " : "", options) < 0)
		return NULL;
	return out;
}
