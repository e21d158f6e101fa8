/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/krbd-options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "base/value.h"

enum kind { FLAG, NUMBER, POWER_OF_2, ENUM, ADDRESS, LOCATION };

struct option {
	const char *name, *group;
	enum kind kind;
	uint64_t min, max;
	const char *words;
	unsigned since;
};

static const struct option options[] = {
#define KRBD_OPTION(name, group, kind, min, max, words, since)                                     \
	{name, group, kind, min, max, words, since},
#define KRBD_OURS(name, instead, reason)
#include "base/krbd-options.def"
#undef KRBD_OPTION
#undef KRBD_OURS
};

static const struct {
	const char *name, *instead, *reason;
} ours[] = {
#define KRBD_OPTION(name, group, kind, min, max, words, since)
#define KRBD_OURS(name, instead, reason) {name, instead, reason},
#include "base/krbd-options.def"
#undef KRBD_OPTION
#undef KRBD_OURS
};

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

/* A user's text for a message: no control characters. */
static char *printable(const char *text)
{
	char *s = strdup(text);

	for (char *p = s; p && *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return s;
}

static int unknown(const char *name, struct err **e)
{
	_cleanup_free_ char *shown = printable(name);
	const char *close = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		unsigned d = str_distance(name, options[i].name);

		if (d < best && d < strlen(name)) {
			best = d;
			close = options[i].name;
		}
	}
	err_set(e, ERR_USAGE, -EINVAL, "the kernel's rbd driver has no map option '%s'",
		shown ? shown : "");
	return close ? err_hint(e, "did you mean %s?", close) : -EINVAL;
}

static int check_number(const struct option *o, const char *value, char **out, struct err **e)
{
	uint64_t n;
	int r = o->kind == POWER_OF_2 ? value_size(o->name, value, &n, e)
				      : value_u64(o->name, value, o->min, o->max, &n, e);

	if (r < 0)
		return err_wrap(e, "bad map option");
	if (o->kind == POWER_OF_2 && (n < o->min || n > o->max || (n & (n - 1))))
		return err_set(e, ERR_USAGE, -EINVAL,
			       "bad map option %s=%s: must be a power of two from %llu to %llu",
			       o->name, value, (unsigned long long)o->min,
			       (unsigned long long)o->max);
	if (str_printf(out, "%llu", (unsigned long long)n) < 0)
		return err_oom(e);
	return 0;
}

static bool is_word(const char *words, const char *value)
{
	size_t len = strlen(value);

	for (const char *w = words; *w; w += strspn(w, " ")) {
		size_t n = strcspn(w, " ");

		if (n == len && !strncmp(w, value, n))
			return true;
		w += n;
	}
	return false;
}

/* TYPE:NAME, several of them divided by '|'. */
static bool is_location(const char *value)
{
	for (const char *p = value;; p++) {
		size_t type = strcspn(p, ":|"), name;

		if (!type || p[type] != ':')
			return false;
		p += type + 1;
		name = strcspn(p, ":|");
		if (!name || p[name] == ':')
			return false;
		p += name;
		if (!*p)
			return true;
	}
}

/* The value as the kernel shall get it. */
static int check_value(const struct option *o, const char *value, char **out, struct err **e)
{
	bool good;

	if (o->kind == NUMBER || o->kind == POWER_OF_2)
		return check_number(o, value, out, e);
	if (o->kind == ENUM)
		good = is_word(o->words, value);
	else if (o->kind == ADDRESS)
		good = !value[strspn(value, "0123456789abcdefABCDEF.:[]")];
	else
		good = is_location(value) &&
		       !value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789._:|-")];
	if (!good) {
		_cleanup_free_ char *shown = printable(value);

		err_set(e, ERR_USAGE, -EINVAL, "bad map option %s: '%s' is not a value for it",
			o->name, shown ? shown : "");
		return o->words ? err_hint(e, "one of: %s", o->words) : -EINVAL;
	}
	*out = strdup(value);
	return *out ? 0 : err_oom(e);
}

static const char *taken_in(const struct krbd_options *o, const char *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].group, group) && krbd_options_has(o, options[i].name))
			return options[i].name;
	return NULL;
}

static int check_option(const struct option *o, const struct krbd_options *have, const char *value,
			struct err **e)
{
	const char *other = taken_in(have, o->group);

	if (other && !strcmp(other, o->name))
		return err_set(e, ERR_USAGE, -EINVAL, "map option %s is given twice", o->name);
	if (other)
		return err_set(e, ERR_USAGE, -EINVAL, "map options %s and %s exclude each other",
			       other, o->name);
	if (!value != (o->kind == FLAG))
		return err_set(e, ERR_USAGE, -EINVAL, "map option %s takes %s value", o->name,
			       value ? "no" : "a");
	return 0;
}

static int option_add(struct strlist *out, const struct option *o, const char *value,
		      struct err **e)
{
	_cleanup_free_ char *checked = NULL;
	int r;

	if (!value)
		return strlist_add(out, "%s", o->name) < 0 ? err_oom(e) : 0;
	r = check_value(o, value, &checked, e);
	if (r < 0)
		return r;
	return strlist_add(out, "%s=%s", o->name, checked) < 0 ? err_oom(e) : 0;
}

/* Why NAME is not for a user to give; NULL: it is. */
static const char *reason_ours(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strcmp(ours[i].name, name))
			return ours[i].reason;
	return NULL;
}

/* ITEM, which is changed, is "name" or "name=value". */
static int parse_one(char *item, struct krbd_options *out, struct err **e)
{
	char *value = strchr(item, '=');
	const struct option *o;
	const char *reason;
	int r;

	if (value)
		*value++ = '\0';
	if (!*item)
		return err_set(e, ERR_USAGE, -EINVAL, "an empty map option%s",
			       value ? " before '='" : " (two commas, or one at an end)");
	reason = reason_ours(item);
	if (reason)
		return err_set(e, ERR_USAGE, -EINVAL, "map option %s cannot be given: %s", item,
			       reason);
	o = find(item);
	if (!o)
		return unknown(item, e);
	r = check_option(o, out, value, e);
	return r < 0 ? r : option_add(&out->list, o, value, e);
}

int krbd_options_parse(const char *text, struct krbd_options *out, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *item;

	*out = (struct krbd_options){0};
	if (!copy)
		return err_oom(e);
	while (*text && (item = strsep(&rest, ","))) {
		int r = parse_one(item, out, e);

		if (r < 0) {
			krbd_options_deinit(out);
			return r;
		}
	}
	return 0;
}

/* ITEM, which is changed: one of the configuration's. */
static int add_ceph(struct krbd_options *o, char *item, struct strlist *left_out, struct err **e)
{
	_cleanup_krbd_options_ struct krbd_options one = {0};
	char *value = strchr(item, '=');
	size_t len = value ? (size_t)(value - item) : strlen(item);
	_cleanup_free_ char *name = strndup(item, len);
	int r;

	if (!name)
		return err_oom(e);
	if (reason_ours(name))
		return strlist_add(left_out, "%s", name) < 0 ? err_oom(e) : 0;
	r = parse_one(item, &one, e);
	if (r < 0)
		return r;
	r = krbd_options_default(o, name, value ? value + 1 : NULL);
	return r == -ENOMEM ? err_oom(e) : r;
}

/* Of an option given twice 'rbd' takes the last one. */
int krbd_options_add_ceph(struct krbd_options *o, const char *text, struct strlist *left_out,
			  struct err **e)
{
	_cleanup_free_ char *rest = strdup(text);
	int r = rest ? 0 : err_oom(e);

	while (r >= 0 && *rest) {
		size_t end = strlen(rest);

		while (end && strchr(", ", rest[end - 1]))
			rest[--end] = '\0';
		while (end && !strchr(", ", rest[end - 1]))
			end--;
		if (rest[end])
			r = add_ceph(o, rest + end, left_out, e);
		rest[end] = '\0';
	}
	return r < 0 ? r : 0;
}

static int add_default(struct krbd_options *o, struct strlist *out, const struct option *option,
		       const char *value)
{
	_cleanup_err_ struct err *e = NULL;

	if (!option || !value != (option->kind == FLAG))
		return -EINVAL;
	return taken_in(o, option->group) ? 0 : option_add(out, option, value, &e);
}

const char *krbd_options_instead(const char *name, const char **reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strcmp(ours[i].name, name)) {
			*reason = ours[i].reason;
			return ours[i].instead;
		}
	return NULL;
}

int krbd_options_default(struct krbd_options *o, const char *name, const char *value)
{
	return add_default(o, &o->list, find(name), value);
}

int krbd_options_try(struct krbd_options *o, unsigned version, const char *name, const char *value)
{
	const struct option *option = find(name);
	bool doubt = option && version < option->since;

	return add_default(o, doubt ? &o->doubts : &o->list, option, value);
}

void krbd_options_drop_doubts(struct krbd_options *o)
{
	strlist_deinit(&o->doubts);
}

char *krbd_options_newer(const struct krbd_options *o, unsigned version)
{
	_cleanup_strlist_ struct strlist newer = {0};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (version < options[i].since && krbd_options_has(o, options[i].name) &&
		    strlist_add(&newer, "%s (Linux %u.%u)", options[i].name, options[i].since >> 16,
				options[i].since >> 8 & 0xff) < 0)
			return NULL;
	return newer.n ? strlist_join(&newer, ", ", 0) : NULL;
}

static const char *value_in(const struct strlist *list, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < list->n; i++) {
		const char *item = list->items[i];

		if (strncmp(item, name, len))
			continue;
		if (item[len] == '=')
			return item + len + 1;
		if (!item[len])
			return item + len;
	}
	return NULL;
}

const char *krbd_options_value(const struct krbd_options *o, const char *name)
{
	const char *value = value_in(&o->list, name);

	return value ? value : value_in(&o->doubts, name);
}

bool krbd_options_has(const struct krbd_options *o, const char *name)
{
	return krbd_options_value(o, name);
}

void krbd_options_deinit(struct krbd_options *o)
{
	strlist_deinit(&o->list);
	strlist_deinit(&o->doubts);
}
