/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/deadline.h"

#define PARTITION_MAX 255

static int bad(const char *what, const char *text, const char *want, struct err **e)
{
	return err_set(e, ERR_USAGE, -EINVAL, "%s '%s' is not %s", what, text, want);
}

/* Digits only: strtoull alone would take signs, blanks and hexadecimal. *end is set to what
 * follows. */
static int digits(const char *text, uint64_t *out, const char **end)
{
	char *stop;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &stop, 10);
	*end = stop;
	return errno ? -ERANGE : 0;
}

int value_u64(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *out,
	      struct err **e)
{
	const char *end;
	uint64_t v;
	int r = digits(text, &v, &end);

	if (r == -EINVAL || (!r && *end))
		return bad(what, text, "a whole number", e);
	if (r || v < min || v > max)
		return err_set(e, ERR_USAGE, -ERANGE, "%s '%s' is not between %llu and %llu", what,
			       text, (unsigned long long)min, (unsigned long long)max);
	*out = v;
	return 0;
}

/* The power of two of a unit such as "", "K", "kB" or "KiB"; -1 for an unknown one. */
static int unit_shift(const char *unit)
{
	static const char letters[] = "KMGTPE";
	const char *p;

	if (!*unit || !strcasecmp(unit, "B"))
		return 0;
	p = strchr(letters, toupper((unsigned char)*unit));
	if (!p)
		return -1;
	unit++;
	if (*unit && strcasecmp(unit, "B") && strcasecmp(unit, "iB"))
		return -1;
	return 10 * (int)(p - letters + 1);
}

int value_size(const char *what, const char *text, uint64_t *out_bytes, struct err **e)
{
	static const char want[] = "a size: bytes, or a number with K, M, G, T or P";
	const char *unit;
	uint64_t v;
	int shift, r = digits(text, &v, &unit);

	if (r == -EINVAL)
		return bad(what, text, want, e);
	shift = r ? 0 : unit_shift(unit);
	if (shift < 0)
		return bad(what, text, want, e);
	if (r || (shift && v >> (63 - shift)) || v > INT64_MAX)
		return err_set(e, ERR_USAGE, -ERANGE, "%s '%s' is too large", what, text);
	if (!v)
		return err_set(e, ERR_USAGE, -ERANGE, "%s must not be 0", what);
	*out_bytes = v << shift;
	return 0;
}

/* ".25" into 250000; at most six decimals. */
static int micro_fraction(const char *text, uint64_t *out_us)
{
	uint64_t scale = USEC_PER_SEC;

	*out_us = 0;
	if (!*text)
		return 0;
	if (*text++ != '.' || !*text)
		return -EINVAL;
	for (; *text; text++) {
		scale /= 10;
		if (!isdigit((unsigned char)*text) || !scale)
			return -EINVAL;
		*out_us += (uint64_t)(*text - '0') * scale;
	}
	return 0;
}

int value_seconds(const char *what, const char *text, uint64_t *out_us, struct err **e)
{
	const uint64_t year = 366 * 86400;
	const char *rest;
	uint64_t s, us;
	int r = digits(text, &s, &rest);

	if (r == -EINVAL || (!r && micro_fraction(rest, &us)))
		return bad(what, text, "a number of seconds", e);
	if (r || s > year)
		return err_set(e, ERR_USAGE, -ERANGE, "%s '%s' is longer than a year", what, text);
	if (!s && !us)
		return err_set(e, ERR_USAGE, -ERANGE, "%s must not be 0", what);
	*out_us = s * USEC_PER_SEC + us;
	return 0;
}

int value_bool(const char *what, const char *text, bool *out, struct err **e)
{
	static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false",
										    "off", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(text, yes[i]) && strcasecmp(text, no[i]))
			continue;
		*out = !strcasecmp(text, yes[i]);
		return 0;
	}
	return bad(what, text, "yes or no", e);
}

int value_partition(const char *text, unsigned *out, struct err **e)
{
	uint64_t n = 0;
	int r = value_u64("part", text, 1, PARTITION_MAX, &n, e);

	if (r >= 0)
		*out = (unsigned)n;
	return r;
}

int value_filesystem(const char *text, struct err **e)
{
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text))
		return 0;
	return err_set(e, ERR_USAGE, -EINVAL, "'%s' can't be the type of a file system", text);
}

char *value_format_size(uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double v = (double)bytes;
	size_t u = 0;
	char *out;

	for (; v >= 1024 && u + 1 < ARRAY_SIZE(units); u++)
		v /= 1024;
	if (asprintf(&out, v == (double)(uint64_t)v ? "%.0f %s" : "%.1f %s", v, units[u]) < 0)
		return NULL;
	return out;
}
