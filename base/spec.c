/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* Linux' NAME_MAX, less what "-part15" takes. */
#define LINK_COMPONENT_MAX (255 - 7)

static bool valid_utf8(const char *s)
{
	static const struct {
		unsigned char mask, lead;
		int more;
		uint32_t min;
	} forms[] = {{0x80, 0x00, 0, 0},
		     {0xe0, 0xc0, 1, 0x80},
		     {0xf0, 0xe0, 2, 0x800},
		     {0xf8, 0xf0, 3, 0x10000}};

	while (*s) {
		unsigned char c = (unsigned char)*s++;
		size_t f = 0;

		while (f < ARRAY_SIZE(forms) && (c & forms[f].mask) != forms[f].lead)
			f++;
		if (f == ARRAY_SIZE(forms))
			return false;

		uint32_t code = c & (unsigned char)~forms[f].mask;

		for (int i = 0; i < forms[f].more; i++, s++) {
			if (((unsigned char)*s & 0xc0) != 0x80)
				return false;
			code = code << 6 | ((unsigned char)*s & 0x3f);
		}
		if (code < forms[f].min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return false;
	}
	return true;
}

/* Why NAME cannot be a part of a spec; NULL if it can. */
static const char *name_fault(const char *name)
{
	if (!*name)
		return "is empty";
	for (const char *p = name; *p; p++)
		if (iscntrl((unsigned char)*p))
			return "has a control character (newline, tab, …)";
	if (!valid_utf8(name))
		return "is not valid UTF-8";
	return NULL;
}

bool spec_is_hidden(const char *image)
{
	return !strncmp(image, SPEC_HIDDEN_PREFIX, strlen(SPEC_HIDDEN_PREFIX));
}

static int spec_refuse(const char *text, const char *part, const char *why, struct err **e)
{
	_cleanup_free_ char *printable = strdup(text);
	bool utf8 = valid_utf8(text);

	if (!printable)
		return err_oom(e);
	for (char *p = printable; *p; p++)
		if (!utf8 && (unsigned char)*p >= 0x80)
			*p = '?';
	err_set(e, ERR_USAGE, -EINVAL, "bad volume name '%s': the %s %s", printable, part, why);
	return err_hint(e, "a volume is [POOL/[NAMESPACE/]]IMAGE[@SNAP]");
}

/* Cut TEXT, which is changed, into the parts; pointers into it. */
static const char *split(char *text, const char *default_pool, const char *part[4])
{
	char *at = strchr(text, '@'), *last;

	if (at) {
		*at++ = '\0';
		if (strpbrk(at, "@/"))
			return "has more than a snapshot behind '@'";
	}
	part[3] = at;
	part[0] = default_pool;
	part[1] = "";
	last = strrchr(text, '/');
	part[2] = last ? last + 1 : text;
	if (!last)
		return NULL;
	*last = '\0';
	part[0] = text;
	last = strchr(text, '/');
	if (!last)
		return NULL;
	*last++ = '\0';
	part[1] = last;
	if (strchr(last, '/'))
		return "has more than two '/'";
	return *last ? NULL : "has an empty namespace";
}

static const char *const part_names[] = {"pool", "namespace", "image", "snapshot"};

/* What names no pool is in DEFAULT_POOL, which is "POOL[/NAMESPACE]" and is changed. */
static void split_default(char *default_pool, const char *part[4])
{
	char *ns = strchr(default_pool, '/');

	if (part[0] != default_pool || !ns)
		return;
	*ns = '\0';
	part[1] = ns + 1;
}

static int check_parts(const char *text, const char *part[4], struct err **e)
{
	for (size_t i = 0; i < ARRAY_SIZE(part_names); i++) {
		const char *why = (i == 1 && !*part[1]) || !part[i] ? NULL : name_fault(part[i]);

		if (why)
			return spec_refuse(text, part_names[i], why, e);
	}
	if (spec_is_hidden(part[2]))
		return spec_refuse(
			text, "image",
			"begins with '" SPEC_HIDDEN_PREFIX "', kept for clones under way", e);
	return 0;
}

int spec_parse(const char *text, const char *default_pool, struct spec *out, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text), *pool = strdup(default_pool);
	const char *part[4], *why;
	int r;

	*out = (struct spec){0};
	if (!copy || !pool)
		return err_oom(e);
	if (!*text)
		return spec_refuse(text, "name", "is empty", e);
	why = split(copy, pool, part);
	if (why)
		return spec_refuse(text, "name", why, e);
	split_default(pool, part);
	r = check_parts(text, part, e);
	if (r < 0)
		return r;
	return spec_init(out, part[0], part[1], part[2], part[3]) < 0 ? err_oom(e) : 0;
}

static int refuse_map(const struct spec *s, const char *part, const char *why, struct err **e)
{
	_cleanup_free_ char *shown = spec_format(s);

	if (!shown)
		return err_oom(e);
	err_set(e, ERR_USAGE, -EINVAL, "'%s' cannot be mapped: the %s %s", shown, part, why);
	return err_hint(e, "give it another name ('rbd rename'), or map a clone of it");
}

/* Why NAME cannot be a part of what is mapped; NULL if it can. */
static const char *map_fault(const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return "is '.' or '..'";
	if (strchr(name, ' '))
		return "has a blank, which the kernel's rbd driver does not accept";
	return NULL;
}

static int check_link(const struct spec *s, struct err **e)
{
	_cleanup_free_ char *link = spec_link_name(s);
	char *save = NULL;

	if (!link)
		return err_oom(e);
	for (char *c = strtok_r(link, "/", &save); c; c = strtok_r(NULL, "/", &save))
		if (strlen(c) > LINK_COMPONENT_MAX)
			return refuse_map(s, "name", "is too long for the name of a device", e);
	return 0;
}

int spec_check_mappable(const struct spec *s, struct err **e)
{
	const char *const part[] = {s->pool, s->ns, s->image, s->snap};

	for (size_t i = 0; i < ARRAY_SIZE(part_names); i++) {
		const char *why = part[i] ? map_fault(part[i]) : NULL;

		if (why)
			return refuse_map(s, part_names[i], why, e);
	}
	/* It travels to the kernel as an option's value, and options are split at commas. */
	if (strchr(s->ns, ','))
		return refuse_map(s, "namespace",
				  "has a comma, which the kernel's rbd driver does not accept", e);
	if (s->snap && !strcmp(s->snap, "-"))
		return refuse_map(s, "snapshot", "is '-', which the kernel takes for none", e);
	return check_link(s, e);
}

int spec_init(struct spec *out, const char *pool, const char *ns, const char *image,
	      const char *snap)
{
	*out = (struct spec){
		.pool = strdup(pool),
		.ns = strdup(ns),
		.image = strdup(image),
		.snap = snap ? strdup(snap) : NULL,
	};
	if (out->pool && out->ns && out->image && (out->snap || !snap))
		return 0;
	spec_deinit(out);
	return -ENOMEM;
}

int spec_copy(const struct spec *from, struct spec *out)
{
	return spec_init(out, from->pool, from->ns, from->image, from->snap);
}

void spec_deinit(struct spec *s)
{
	free(s->pool);
	free(s->ns);
	free(s->image);
	free(s->snap);
	*s = (struct spec){0};
}

char *spec_format(const struct spec *s)
{
	char *out;

	if (str_printf(&out, "%s/%s%s%s%s%s", s->pool, s->ns, *s->ns ? "/" : "", s->image,
		       s->snap ? "@" : "", s->snap ? s->snap : "") < 0)
		return NULL;
	return out;
}

bool spec_same_image(const struct spec *a, const struct spec *b)
{
	return !strcmp(a->pool, b->pool) && !strcmp(a->ns, b->ns) && !strcmp(a->image, b->image);
}

bool spec_equal(const struct spec *a, const struct spec *b)
{
	return spec_same_image(a, b) && !a->snap == !b->snap &&
	       (!a->snap || !strcmp(a->snap, b->snap));
}

/* Where in NAME a "-partN" ending begins; SIZE_MAX where it has none. */
static size_t partition_ending(const char *name)
{
	size_t end = strlen(name), at = end;

	while (at > 0 && isdigit((unsigned char)name[at - 1]))
		at--;
	if (at == end || at < 5 || strncmp(name + at - 5, "-part", 5))
		return SIZE_MAX;
	return at - 5;
}

/* ALSO: where in NAME a byte is to be encoded that is plain elsewhere; SIZE_MAX: nowhere. */
static void encode(FILE *f, const char *name, size_t also)
{
	bool dots = !strcmp(name, ".") || !strcmp(name, "..");

	for (size_t i = 0; name[i]; i++) {
		unsigned char c = (unsigned char)name[i];

		if (i != also && !(dots && !i) && c < 0x80 && (isalnum(c) || strchr("#+.:=_-", c)))
			fputc(c, f);
		else
			fprintf(f, "\\x%02x", c);
	}
}

char *spec_link_name(const struct spec *s)
{
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return NULL;
	encode(f, s->pool, strcmp(s->pool, "by-id") ? SIZE_MAX : 0);
	fputc('/', f);
	if (*s->ns) {
		encode(f, s->ns, SIZE_MAX);
		fputc('/', f);
	}
	encode(f, s->image, s->snap ? SIZE_MAX : partition_ending(s->image));
	if (s->snap) {
		fputc('@', f);
		encode(f, s->snap, partition_ending(s->snap));
	}
	return text_end(f, &out);
}
