/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/deadline.h"
#include "base/str.h"

#define PARTITION_MAX 255
#define BILLION	      UINT64_C(1000000000)
#define SECTOR	      512
#define BARE_MIN      (1 << 20) /* what is less was not meant as bytes */

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

/* The power of two of a unit such as "", "K", "Ki", "kB" or "KiB"; -1 for an unknown one. */
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
	if (*unit && strcasecmp(unit, "B") && strcasecmp(unit, "i") && strcasecmp(unit, "iB"))
		return -1;
	return 10 * (int)(p - letters + 1);
}

/* The digits behind a '.' as billionths; *end is set to what follows. */
static int billionths(const char *text, uint64_t *out, const char **end)
{
	uint64_t scale = BILLION;

	*out = 0;
	for (; isdigit((unsigned char)*text); text++) {
		scale /= 10;
		if (!scale)
			return -EINVAL;
		*out += (uint64_t)(*text - '0') * scale;
	}
	*end = text;
	return scale == BILLION ? -EINVAL : 0;
}

/* N billionths of 1 << SHIFT bytes, in whole sectors. */
static uint64_t fraction_bytes(uint64_t n, int shift)
{
	int first = shift > 30 ? 30 : shift;
	uint64_t bytes = ((n << first) + BILLION - 1) / BILLION << (shift - first);

	return (bytes + SECTOR - 1) / SECTOR * SECTOR;
}

/* -EINVAL: it is not a size; -ERANGE: it is too large. */
static int read_size(const char *text, uint64_t *out)
{
	uint64_t whole, part = 0;
	const char *unit;
	int shift, r = digits(text, &whole, &unit);
	bool has_part = !r && *unit == '.';

	if (has_part)
		r = billionths(unit + 1, &part, &unit);
	if (r < 0)
		return r;
	shift = unit_shift(unit);
	if (shift < 0 || (has_part && !shift))
		return -EINVAL;
	if (whole > INT64_MAX || (shift && whole >> (63 - shift)))
		return -ERANGE;
	*out = (whole << shift) + fraction_bytes(part, shift);
	return *out > INT64_MAX ? -ERANGE : 0;
}

int value_size(const char *what, const char *text, uint64_t *out_bytes, struct err **e)
{
	uint64_t v = 0;
	int r = read_size(text, &v);

	if (r == -EINVAL)
		return bad(what, text, "a size: bytes, or a number with K, M, G, T or P", e);
	if (r)
		return err_set(e, ERR_USAGE, -ERANGE, "%s '%s' is too large", what, text);
	if (!v)
		return err_set(e, ERR_USAGE, -ERANGE, "%s must not be 0", what);
	*out_bytes = v;
	return 0;
}

int value_volume_size(const char *what, const char *text, uint64_t *out_bytes, struct err **e)
{
	bool bare = strspn(text, "0123456789") == strlen(text);
	uint64_t v;
	int r = value_size(what, text, &v, e);

	if (r < 0)
		return r;
	if (bare && v < BARE_MIN) {
		err_set(e, ERR_USAGE, -ERANGE, "%s '%s' would be %s bytes, too few for a volume",
			what, text, text);
		return err_hint(e, "write %sM for MiB, as 'rbd' would take it, or %sG", text, text);
	}
	if (v < SECTOR)
		return err_set(e, ERR_USAGE, -ERANGE,
			       "%s '%s' is too small: a volume has at least %d bytes", what, text,
			       SECTOR);
	*out_bytes = v;
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
	return err_set(e, ERR_USAGE, -EINVAL, "'%s' cannot be the type of a file system", text);
}

char *value_format_size(uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double v = (double)bytes;
	size_t u = 0;
	char *out;

	for (; v >= 1024 && u + 1 < ARRAY_SIZE(units); u++)
		v /= 1024;
	if (str_printf(&out, v == (double)(uint64_t)v ? "%.0f %s" : "%.1f %s", v, units[u]) < 0)
		return NULL;
	return out;
}
