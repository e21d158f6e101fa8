/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/kernel-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define RECORD_MAX 8192 /* the kernel's own bound */
#define READS_MAX  1000 /* another may write faster than we read */

int kernel_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* What libceph says when all is well. */
static bool is_routine(const char *text)
{
	return strstr(text, " session established") || strstr(text, " fsid ");
}

/* The text of a record "prio,seq,time,flags;TEXT\n KEY=VALUE…", cut out in place; NULL where it is
 * not of rbd or libceph. */
static char *record_text(char *record)
{
	char *text = strchr(record, ';');

	if (!text)
		return NULL;
	text++;
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, "rbd:", 4) && strncmp(text, "libceph:", 8))
		return NULL;
	return is_routine(text) ? NULL : text;
}

char *kernel_log_since(int fd)
{
	_cleanup_free_ char *before = NULL, *last = NULL;
	char record[RECORD_MAX + 1], *out;

	for (int i = 0; fd >= 0 && i < READS_MAX; i++) {
		ssize_t n = read(fd, record, RECORD_MAX);
		char *text;

		if (n < 0 && (errno == EPIPE || errno == EINTR)) /* overrun: goes on behind it */
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		text = record_text(record);
		if (!text || (last && !strcmp(last, text)))
			continue;
		free(before);
		before = steal(&last);
		last = strdup(text);
	}
	if (!before || !last)
		return last ? steal(&last) : NULL;
	return str_printf(&out, "%s; %s", before, last) < 0 ? NULL : out;
}
