/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION /* it would always be this file */
#include <systemd/sd-journal.h>

#include "base/str.h"

static int max_priority = LOG_INFO;
static bool to_journal;

static const struct {
	const char *name;
	int priority;
} levels[] = {
	{"debug", LOG_DEBUG},
	{"info", LOG_INFO},
	{"warning", LOG_WARNING},
};

/* systemd tells in JOURNAL_STREAM which file the journal reads; it counts only if it is our stderr
 * still. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	return text && sscanf(text, "%ju:%ju", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

void log_init(bool plain)
{
	const char *level = getenv("RBDVOL_LOG");

	to_journal = !plain && stderr_is_journal();
	if (!level || !*level)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (!strcmp(levels[i].name, level)) {
			max_priority = levels[i].priority;
			return;
		}
	log_warning("RBDVOL_LOG is '%s', not debug, info or warning: info is taken", level);
}

#define MAX_FIELDS 16

struct entry {
	struct iovec iov[MAX_FIELDS];
	int n;
};

/* Out of memory loses a field, not the line. */
static void _printf_(2, 3) add(struct entry *entry, const char *fmt, ...)
{
	char *text = STR_FORMAT(fmt);

	if (text && entry->n < MAX_FIELDS)
		entry->iov[entry->n++] = (struct iovec){text, strlen(text)};
}

/* A field for each kind of what was counted, and one with all steps. */
static void add_trace(struct entry *entry, const struct trace *t)
{
	static const char *const fields[TRACE_KINDS] = {
		[TRACE_MONITORS] = "RBDVOL_MONITORS", [TRACE_OSDS] = "RBDVOL_OSDS",
		[TRACE_IMAGES] = "RBDVOL_IMAGES",     [TRACE_FILES] = "RBDVOL_FILES",
		[TRACE_PROGRAMS] = "RBDVOL_PROGRAMS",
	};
	const struct trace_step total = trace_total(t);
	_cleanup_free_ char *steps = trace_format(t);

	for (size_t i = 0; i < TRACE_KINDS; i++)
		add(entry, "%s=%" PRIu64, fields[i], total.counts.of[i]);
	if (steps)
		add(entry, "RBDVOL_TRACE=%s", steps);
}

static void send_journal(int priority, const struct log_fields *f, const char *message)
{
	struct entry entry = {.n = 0};

	add(&entry, "MESSAGE=%s", message);
	add(&entry, "PRIORITY=%d", priority);
	add(&entry, "SYSLOG_IDENTIFIER=rbdvold");
	if (f->volume)
		add(&entry, "VOLUME=%s", f->volume);
	if (f->operation)
		add(&entry, "OPERATION=%s", f->operation);
	if (f->device)
		add(&entry, "DEVICE=%s", f->device);
	if (f->job)
		add(&entry, "JOB=%" PRIu64, f->job);
	if (f->duration_us)
		add(&entry, "RBDVOL_DURATION_USEC=%" PRIu64, f->duration_us);
	if (f->trace)
		add_trace(&entry, f->trace);
	if (f->error)
		add(&entry, "RBDVOL_ERROR=%s", f->error);
	sd_journal_sendv(entry.iov, entry.n);
	for (int i = 0; i < entry.n; i++)
		free(entry.iov[i].iov_base);
}

static const char *prefix(int priority)
{
	if (priority <= LOG_ERR)
		return "error: ";
	return priority == LOG_WARNING ? "warning: " : "";
}

/* One line is one line, whatever name stands in it. */
static void send_stderr(int priority, char *message)
{
	for (char *c = message; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "rbdvold: %s%s\n", prefix(priority), message);
}

void log_event(int priority, const struct log_fields *fields, const char *fmt, ...)
{
	static const struct log_fields none;
	_cleanup_free_ char *message = NULL;

	if (priority > max_priority)
		return;
	message = STR_FORMAT(fmt);
	if (!message)
		return;
	if (to_journal)
		send_journal(priority, fields ? fields : &none, message);
	else
		send_stderr(priority, message);
}
