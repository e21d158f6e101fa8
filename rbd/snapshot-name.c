/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/snapshot-name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define DIGITS	   "0123456789"
#define CHECK_SEED UINT32_C(2166136261) /* FNV-1a, 32 bits */

static uint32_t check_add(uint32_t sum, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (uint8_t)text[i]) * UINT32_C(16777619);
	return sum;
}

/* With the NUL behind ID, which keeps "1"+"23" and "12"+"3" apart. */
static uint32_t check_value(const char *id, const char *stem, size_t stem_len)
{
	return check_add(check_add(CHECK_SEED, id, strlen(id) + 1), stem, stem_len);
}

/* How much of NAME is "rbdvol-N" or "rbdvol-N.M"; 0: it does not begin so. */
static size_t stem_len(const char *name)
{
	size_t at = strlen(SNAPSHOT_PREFIX), n, more;

	if (strncmp(name, SNAPSHOT_PREFIX, at) != 0)
		return 0;
	n = strspn(name + at, DIGITS);
	if (!n)
		return 0;
	at += n;
	more = name[at] == '.' ? strspn(name + at + 1, DIGITS) : 0;
	return more ? at + 1 + more : at;
}

char *snapshot_name_make(const char *id, uint64_t newest, unsigned attempt)
{
	_cleanup_free_ char *stem = NULL;
	char *name;
	int r = attempt ? str_printf(&stem, SNAPSHOT_PREFIX "%llu.%u", (unsigned long long)newest,
				     attempt)
			: str_printf(&stem, SNAPSHOT_PREFIX "%llu", (unsigned long long)newest);

	if (r < 0)
		return NULL;
	r = str_printf(&name, "%s-%08x", stem, check_value(id, stem, strlen(stem)));
	return r < 0 ? NULL : name;
}

bool snapshot_name_is_ours(const char *name, const char *id)
{
	size_t len = stem_len(name);
	char check[sizeof("-01234567")];

	if (!len || !*id)
		return false;
	snprintf(check, sizeof(check), "-%08x", check_value(id, name, len));
	return !strcmp(name + len, check);
}

bool snapshot_name_may_be_old(const char *name)
{
	size_t len = stem_len(name);

	return len && !name[len];
}
