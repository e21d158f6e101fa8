/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/rbdmap-lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strlist.h"

const char *rbdmap_suffix(const struct spec *spec, const char *device)
{
	_cleanup_free_ char *name = spec_format(spec);
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

/* "x-systemd.requires=rbdmap.service" and its like. */
static bool is_of_service(const char *word, size_t len)
{
	static const char prefix[] = "x-systemd.", service[] = "=rbdmap";
	const char *value = memchr(word, '=', len);
	size_t rest = value ? len - (size_t)(value - word) : 0;

	return !strncmp(word, prefix, strlen(prefix)) && value &&
	       !strncmp(value, service, strlen(service)) &&
	       (rest == strlen(service) ||
		(rest == strlen("=rbdmap.service") && !strncmp(value, "=rbdmap.service", rest)));
}

bool rbdmap_hangs_on_service(const char *options)
{
	for (const char *p = options; *p; p += strspn(p, ",")) {
		size_t len = strcspn(p, ",");

		if (is_of_service(p, len))
			return true;
		p += len;
	}
	return false;
}

/* What rbdmap had to have so (noauto), says nothing (defaults), or no longer exists. */
static bool is_left_out(const char *word)
{
	return !strcmp(word, "noauto") || !strcmp(word, "defaults") ||
	       is_of_service(word, strlen(word));
}

/* OPTIONS, which may be NULL, are cut up. 1: they are others than before. */
static int line_print_options(FILE *f, char *options)
{
	const char *separator = "";
	bool netdev = false;
	int changed = 0;
	char *word;

	while ((word = strsep(&options, ","))) {
		netdev |= !strcmp(word, "_netdev");
		changed |= *word && is_left_out(word) && strcmp(word, "defaults") != 0;
		if (!*word || is_left_out(word))
			continue;
		fprintf(f, "%s%s", separator, word);
		separator = ",";
	}
	if (!netdev)
		fprintf(f, "%s_netdev", separator);
	return changed | !netdev;
}

/* A backslash begins an octal number in fstab. */
static void print_link(FILE *f, const char *link)
{
	for (const char *c = link; *c; c++)
		*c == '\\' ? fputs("\\134", f) : fputc(*c, f);
}

/* The fields of TEXT, which is cut up: N, at most MOST. */
static size_t split_fields(char *text, char *field[], size_t most)
{
	char *save = NULL, *word = strtok_r(text, " \t", &save);
	size_t n = 0;

	for (; word && n < most; word = strtok_r(NULL, " \t", &save))
		field[n++] = word;
	return n;
}

/* The line, into a memory of its own; F is closed. */
static int line_finish(FILE *f, int changed, char **out)
{
	if (fclose(f))
		return -ENOMEM;
	if (changed)
		return 1;
	free(*out);
	*out = NULL;
	return 0;
}

int rbdmap_fstab_line(const char *text, const char *link, char **out)
{
	_cleanup_free_ char *copy = strdup(text);
	char *field[6] = {NULL};
	size_t n = copy ? split_fields(copy, field, ARRAY_SIZE(field)) : 0, len;
	int changed = link != NULL;
	FILE *f;

	if (!copy || !(f = open_memstream(out, &len)))
		return -ENOMEM;
	if (link)
		print_link(f, link);
	else if (n)
		fputs(field[0], f);
	for (size_t i = 1; i < n && i < 3; i++)
		fprintf(f, " %s", field[i]);
	fputc(' ', f);
	changed |= line_print_options(f, field[3]);
	for (size_t i = 4; i < n; i++)
		fprintf(f, " %s", field[i]);
	return line_finish(f, changed, out);
}

int rbdmap_crypttab_line(const char *text, const char *link, char **out)
{
	_cleanup_free_ char *copy = strdup(text);
	char *field[4] = {NULL};
	size_t n = copy ? split_fields(copy, field, ARRAY_SIZE(field)) : 0, len;
	int changed = link != NULL;
	FILE *f;

	if (!copy || !(f = open_memstream(out, &len)))
		return -ENOMEM;
	if (!link)
		link = n > 1 ? field[1] : "";
	fprintf(f, "%s %s %s ", n ? field[0] : "", link, n > 2 ? field[2] : "none");
	changed |= line_print_options(f, field[3]);
	return line_finish(f, changed, out);
}
