/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

void mounted_deinit(struct mounted *m)
{
	free(m->source);
	*m = (struct mounted){0};
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

/* "36 35 98:0 /root /mnt options … - type source options" */
static int read_line(char *line, const char *folder, struct mounted *out)
{
	char *save = NULL, *word[5], *dash = strstr(line, " - "), *source, *colon;

	if (!dash)
		return 0;
	*dash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		if (!(word[i] = strtok_r(i ? NULL : line, " ", &save)))
			return 0;
	unescape(word[4]);
	if (strcmp(word[4], folder))
		return 0;
	colon = strchr(word[2], ':');
	source = strtok_r(dash + 3, " \n", &save) ? strtok_r(NULL, " \n", &save) : NULL;
	if (!colon || !source)
		return 0;
	unescape(source);
	mounted_deinit(out);
	out->dev = makedev((unsigned)strtoul(word[2], NULL, 10),
			   (unsigned)strtoul(colon + 1, NULL, 10));
	out->source = strdup(source);
	return out->source ? 1 : -ENOMEM;
}

int mounts_find(const char *folder, struct mounted *out, struct err **e)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int found = 0;

	*out = (struct mounted){0};
	if (!f)
		return err_errno(e, -errno, "can't read /proc/self/mountinfo");
	while (getline(&line, &room, f) > 0) {
		int r = read_line(line, folder, out);

		if (r < 0)
			return err_oom(e);
		found |= r;
	}
	return found;
}
