/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/mounts.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sysmacros.h>

void mounted_deinit(struct mount_entry *m)
{
	free(m->source);
	*m = (struct mount_entry){0};
}

/* "\040" is a blank, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
		    p[3] >= '0' && p[3] <= '7') {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /mnt options … - type source options": LINE is cut up. False: it is another. */
struct mount_line {
	char *dev, *directory, *source;
};

static bool cut(char *line, struct mount_line *out)
{
	char *save = NULL, *word[5], *dash = strstr(line, " - ");

	if (!dash)
		return false;
	*dash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		if (!(word[i] = strtok_r(i ? NULL : line, " ", &save)))
			return false;
	out->dev = word[2];
	out->directory = word[4];
	out->source = strtok_r(dash + 3, " \n", &save) ? strtok_r(NULL, " \n", &save) : NULL;
	if (!out->source)
		return false;
	unescape(out->directory);
	unescape(out->source);
	return true;
}

static int read_line(char *line, const char *directory, struct mount_entry *out)
{
	struct mount_line l;
	char *colon;

	if (!cut(line, &l) || strcmp(l.directory, directory) || !(colon = strchr(l.dev, ':')))
		return 0;
	mounted_deinit(out);
	out->dev =
		makedev((unsigned)strtoul(l.dev, NULL, 10), (unsigned)strtoul(colon + 1, NULL, 10));
	out->source = strdup(l.source);
	return out->source ? 1 : -ENOMEM;
}

static FILE *open_mounts(struct err **e)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (!f)
		err_errno(e, -errno, "cannot read /proc/self/mountinfo");
	return f;
}

int mounts_find(const char *directory, struct mount_entry *out, struct err **e)
{
	_cleanup_fclose_ FILE *f = open_mounts(e);
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int found = 0;

	*out = (struct mount_entry){0};
	if (!f)
		return (*e)->code;
	while (getline(&line, &room, f) > 0) {
		int r = read_line(line, directory, out);

		if (r < 0)
			return err_oom(e);
		found |= r;
	}
	return found;
}

/* "/dev/rbd0" of it and of "/dev/rbd0p1" */
static size_t disk_len(const char *device)
{
	size_t len = strcspn(device, "0123456789");

	return len + strspn(device + len, "0123456789");
}

int mounts_of_disk(const char *device, struct err **e)
{
	_cleanup_fclose_ FILE *f = open_mounts(e);
	_cleanup_free_ char *line = NULL;
	size_t room = 0, len = disk_len(device);
	int found = 0;

	if (!f)
		return (*e)->code;
	while (getline(&line, &room, f) > 0) {
		struct mount_line l;

		found += cut(line, &l) && disk_len(l.source) == len &&
			 !strncmp(l.source, device, len);
	}
	return found;
}
