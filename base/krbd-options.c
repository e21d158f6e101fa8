/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/krbd-options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

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

/* How many letters must be added, dropped or changed to make B of A; 9 where that is not soon
 * told. */
static unsigned distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[32];

	if (la >= ARRAY_SIZE(row) || lb >= ARRAY_SIZE(row))
		return 9;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
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
		unsigned d = distance(name, options[i].name);

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
	if (asprintf(out, "%llu", (unsigned long long)n) < 0)
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

		err_set(e, ERR_USAGE, -EINVAL, "bad map option %s: '%s' is no value for it",
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

static int check_option(const struct option *o, const struct krbd_options *have, unsigned version,
			const char *value, struct err **e)
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
	if (version < o->since)
		return err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
			       "map option %s needs kernel %u.%u, this is %u.%u", o->name,
			       o->since >> 16, o->since >> 8 & 0xff, version >> 16,
			       version >> 8 & 0xff);
	return 0;
}

static int add(struct krbd_options *out, const struct option *o, const char *value, struct err **e)
{
	_cleanup_free_ char *checked = NULL;
	int r;

	if (!value)
		return strlist_add(&out->list, "%s", o->name) < 0 ? err_oom(e) : 0;
	r = check_value(o, value, &checked, e);
	if (r < 0)
		return r;
	return strlist_add(&out->list, "%s=%s", o->name, checked) < 0 ? err_oom(e) : 0;
}

/* ITEM, which is changed, is "name" or "name=value". */
static int parse_one(char *item, unsigned version, struct krbd_options *out, struct err **e)
{
	char *value = strchr(item, '=');
	const struct option *o;
	int r;

	if (value)
		*value++ = '\0';
	if (!*item)
		return err_set(e, ERR_USAGE, -EINVAL, "an empty map option%s",
			       value ? " before '='" : " (two commas, or one at an end)");
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strcmp(ours[i].name, item))
			return err_set(e, ERR_USAGE, -EINVAL, "map option %s can't be given: %s",
				       item, ours[i].reason);
	o = find(item);
	if (!o)
		return unknown(item, e);
	r = check_option(o, out, version, value, e);
	return r < 0 ? r : add(out, o, value, e);
}

int krbd_options_parse(const char *text, unsigned version, struct krbd_options *out, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *item;

	*out = (struct krbd_options){0};
	if (!copy)
		return err_oom(e);
	while (*text && (item = strsep(&rest, ","))) {
		int r = parse_one(item, version, out, e);

		if (r < 0) {
			krbd_options_deinit(out);
			return r;
		}
	}
	return 0;
}

int krbd_options_default(struct krbd_options *o, unsigned version, const char *name,
			 const char *value)
{
	_cleanup_err_ struct err *e = NULL;
	const struct option *option = find(name);

	if (!option || !value != (option->kind == FLAG))
		return -EINVAL;
	if (version < option->since || taken_in(o, option->group))
		return 0;
	return add(o, option, value, &e);
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

const char *krbd_options_value(const struct krbd_options *o, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < o->list.n; i++) {
		const char *item = o->list.items[i];

		if (strncmp(item, name, len))
			continue;
		if (item[len] == '=')
			return item + len + 1;
		if (!item[len])
			return item + len;
	}
	return NULL;
}

bool krbd_options_has(const struct krbd_options *o, const char *name)
{
	return krbd_options_value(o, name);
}

void krbd_options_deinit(struct krbd_options *o)
{
	strlist_deinit(&o->list);
}
