/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "docker/options.h"
#include "base/filesystem-options.h"
#include "base/str.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/filesystem.h"
#include "base/strlist.h"
#include "base/value.h"

#define TEXT_MAX 3072 /* all together: they are noted on the image */
#define MODE_MAX 01777
#define NAME_LEN 200

enum kind { KIND_TEXT, KIND_NAME, KIND_VOLUME, KIND_SIZE, KIND_FLAG, KIND_MODE, KIND_ID };

static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} table[] = {
#define DOCKER_OPTION(field, kind, name, value, help)                                              \
	{name, KIND_##kind, offsetof(struct docker_options, field)},
#include "docker/options.def"
#undef DOCKER_OPTION
};
static_assert(ARRAY_SIZE(table) <= DOCKER_OPTIONS_MAX, "no room for every option");

int docker_name_check(const char *name, struct err **e)
{
	bool fine = isalnum((unsigned char)*name) && strlen(name) <= NAME_LEN;

	for (const char *c = name; fine && *c; c++)
		fine = (unsigned char)*c < 0x80 &&
		       (isalnum((unsigned char)*c) || strchr("_.-", *c));
	if (fine)
		return 0;
	err_set(e, ERR_USAGE, -EINVAL, "'%.64s' is not a volume name", name);
	return err_hint(e,
			"a letter or digit, then letters, digits, '_', '.' and '-'; %d at most; "
			"pool and namespace are options",
			NAME_LEN);
}

void docker_options_deinit(struct docker_options *o)
{
	for (size_t i = 0; i < DOCKER_OPTIONS_MAX; i++)
		free(o->given[i]);
	free(o->from);
	free(o->pool);
	free(o->ns);
	stage_options_deinit(&o->stage);
	*o = (struct docker_options){0};
}

static int option_set_text(char **field, const char *value, struct err **e)
{
	*field = strdup(value);
	return *field ? 0 : err_oom(e);
}

/* A pool or a namespace: what cannot be a part of a volume's name is refused as such. */
static int set_name(char **field, const char *value, struct err **e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_spec_ struct spec spec = {0};
	int r;

	if (strpbrk(value, "/@"))
		return err_set(e, ERR_USAGE, -EINVAL, "it has a '/' or '@'");
	if (str_printf(&text, "%s/%s/image", value, value) < 0)
		return err_oom(e);
	r = spec_parse(text, "", &spec, e);
	if (r >= 0)
		r = spec_check_mappable(&spec, e);
	return r < 0 ? r : option_set_text(field, value, e);
}

static int set_volume(char **field, const char *value, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	int r = spec_parse(value, "rbd", &spec, e);

	return r < 0 ? r : option_set_text(field, value, e);
}

static int set_mode(uint64_t *field, const char *value, struct err **e)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	if (*value < '0' || *value > '7' || *end || mode > MODE_MAX)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "it is not an octal number up to 1777, such as 0755");
	*field = mode;
	return 0;
}

static int set_field(struct docker_options *o, size_t i, const char *value, struct err **e)
{
	void *field = (char *)o + table[i].offset;

	switch (table[i].kind) {
	case KIND_TEXT:
		return option_set_text(field, value, e);
	case KIND_NAME:
		return set_name(field, value, e);
	case KIND_VOLUME:
		return set_volume(field, value, e);
	case KIND_SIZE:
		return value_volume_size(table[i].name, value, field, e);
	case KIND_FLAG:
		return value_bool(table[i].name, value, field, e);
	case KIND_MODE:
		return set_mode(field, value, e);
	case KIND_ID:
		return value_u64(table[i].name, value, 0, UINT32_MAX - 1, field, e);
	}
	return err_set(e, ERR_FAILED, -EINVAL, "it is of no known kind");
}

static int check_text(const char *name, const char *value, struct err **e)
{
	if (!*value)
		return err_set(e, ERR_USAGE, -EINVAL, "option '%s' has an empty value", name);
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return err_set(e, ERR_USAGE, -EINVAL,
				       "option '%s' has a control character in it", name);
	return 0;
}

static int refuse_unknown(const char *name, struct err **e)
{
	_cleanup_strlist_ struct strlist known = {0};
	_cleanup_free_ char *list = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strlist_add(&known, "%s", table[i].name) < 0)
			return err_oom(e);
	list = strlist_join(&known, ", ", 0);
	err_set(e, ERR_USAGE, -EINVAL, "a volume has no option '%.64s'", name);
	return err_hint(e, "its options are %s; see rbdvol-docker(7)",
			list ? list : "in the manual");
}

int docker_options_set(struct docker_options *o, const char *name, const char *value,
		       struct err **e)
{
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(table) && strcmp(table[i].name, name))
		i++;
	if (i == ARRAY_SIZE(table))
		return refuse_unknown(name, e);
	if (o->given[i])
		return err_set(e, ERR_USAGE, -EINVAL, "option '%s' is given twice", name);
	r = check_text(name, value, e);
	if (r < 0)
		return r;
	r = set_field(o, i, value, e);
	if (r < 0)
		return err_wrap(e, "option '%s'", name);
	return option_set_text(&o->given[i], value, e);
}

/* Whether the option that fills FIELD was given. */
static bool given(const struct docker_options *o, size_t offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].offset == offset)
			return o->given[i] != NULL;
	return false;
}
#define GIVEN(o, field) given(o, offsetof(struct docker_options, field))

static int check_length(const struct docker_options *o, struct err **e)
{
	_cleanup_free_ char *text = docker_options_format(o);

	if (!text)
		return err_oom(e);
	if (strlen(text) > TEXT_MAX)
		return err_set(e, ERR_USAGE, -E2BIG, "the options are longer than %d bytes",
			       TEXT_MAX);
	return 0;
}

int docker_options_complete(struct docker_options *o, struct err **e)
{
	if (check_length(o, e) < 0)
		return (*e)->code;
	o->keep_given = GIVEN(o, keep);
	o->stage.mode_given = GIVEN(o, stage.mode);
	o->stage.uid_given = GIVEN(o, stage.uid);
	o->stage.gid_given = GIVEN(o, stage.gid);
	if (!o->from && o->size_bytes && !o->stage.fs &&
	    option_set_text(&o->stage.fs, "ext4", e) < 0)
		return (*e)->code;
	if (!o->from && o->size_bytes && filesystem_check_size(o->stage.fs, o->size_bytes, e) < 0)
		return (*e)->code;
	if (o->from && (o->stage.fs || o->stage.mkfs_options))
		return err_set(e, ERR_USAGE, -EINVAL,
			       "a clone has its parent's file system: 'from' excludes 'fs' and "
			       "'mkfs-options'");
	if (o->stage.fs && o->stage.read_only)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "no file system can be made on a volume that is read-only");
	return stage_options_check(&o->stage, e);
}

static int refuse_option(const char *option, const char *word, const char *key, struct err **e)
{
	err_set(e, ERR_NOT_PERMITTED, -EPERM, "this host does not allow the %s '%s'", option, word);
	return err_hint(e, "add it to '%s' in rbdvol.conf to allow it", key);
}

static int check_mount_options(const char *options, const struct strlist *allowed, struct err **e)
{
	_cleanup_free_ char *copy = strdup(options ? options : "");
	char *rest = copy, *word;

	if (!copy)
		return err_oom(e);
	while ((word = strsep(&rest, ",")))
		if (mount_option_is_privileged(word) && !strlist_has(allowed, word))
			return refuse_option("mount option", word, "plugin-mount-options", e);
	return 0;
}

/* These change nothing but how the mapping itself answers. The others decide who is spoken to, how
 * well that is protected, and what the host spends. */
static bool is_modest(const char *map_option)
{
	static const char *const modest[] = {
		"abort_on_full", "alloc_size", "compression_hint",  "exclusive",
		"lock_on_read",	 "notrim",     "read_from_replica",
	};

	for (size_t i = 0; i < ARRAY_SIZE(modest); i++)
		if (!strcmp(modest[i], map_option))
			return true;
	return false;
}

static int check_map_options(const char *options, const struct strlist *allowed, struct err **e)
{
	_cleanup_free_ char *copy = strdup(options ? options : "");
	char *rest = copy, *word;

	if (!copy)
		return err_oom(e);
	while ((word = strsep(&rest, ","))) {
		_cleanup_free_ char *name = strndup(word, strcspn(word, "="));

		if (!name)
			return err_oom(e);
		if (*word && !is_modest(name) && !strlist_has(allowed, word) &&
		    !strlist_has(allowed, name))
			return refuse_option("map option", word, "plugin-map-options", e);
	}
	return 0;
}

int docker_options_allowed(const struct docker_options *o, const struct config *config,
			   struct err **e)
{
	int r = check_mount_options(o->stage.mount_options, &config->plugin_mount_options, e);

	return r < 0 ? r : check_map_options(o->stage.map_options, &config->plugin_map_options, e);
}

bool docker_options_any(const struct docker_options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (o->given[i])
			return true;
	return false;
}

char *docker_options_format(const struct docker_options *o)
{
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (o->given[i])
			fprintf(f, "%s=%s\n", table[i].name, o->given[i]);
	return text_end(f, &out);
}

int docker_options_parse(const char *text, struct docker_options *o, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return err_oom(e);
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, '=');
		int r;

		if (!value)
			continue;
		*value++ = '\0';
		r = docker_options_set(o, line, value, e);
		if (r < 0)
			return r;
	}
	return docker_options_complete(o, e);
}
