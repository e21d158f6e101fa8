/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a job costs: how long each of its steps takes, and what it asks of others. Cheap enough to
 * be always on. The calls are counted where they leave the program (counted.c of base/, ceph/ and
 * mapper/, to which the linker leads them): no caller has to count, and none can forget to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_kind {
	TRACE_MONITORS, /* answers of a monitor that were waited for */
	TRACE_OSDS,	/* the same of OSDs; several that are under way at a time count each */
	TRACE_IMAGES,	/* images opened by librbd, with some dozen messages each */
	TRACE_FILES,	/* files and directories opened, below /sys and /proc above all */
	TRACE_PROGRAMS, /* programs started */
	TRACE_KINDS,
};
/* "monitors", "osds", …: in JSON and in the log. */
const char *trace_kind_name(enum trace_kind kind);

struct counts {
	uint64_t of[TRACE_KINDS];
};
/* One more of KIND, by this thread. */
void trace_count(enum trace_kind kind);
/* What this thread has counted since it began. */
struct counts trace_counts(void);
/* Count what another thread has counted for this one. */
void trace_add(const struct counts *other);

#define TRACE_STEPS_MAX 24

struct trace_step {
	char name[24];
	uint64_t us;
	struct counts counts;
};
/* The steps of a job in the order in which they began; one that comes again is added to what it
 * has. Begins as zeros. For one thread at a time. */
struct trace {
	struct trace_step steps[TRACE_STEPS_MAX];
	size_t n;
	size_t at; /* the one that is under way */
	uint64_t since_us;
	struct counts since;
};
/* The step NAME begins, and so ends the one before. On the thread that does the work. */
void trace_step(struct trace *t, const char *name);
/* The last step ends. */
void trace_end(struct trace *t);
/* All steps together. */
struct trace_step trace_total(const struct trace *t);
/* "check 0.2 ms; map 31.0 ms, 1 monitors, 4 osds"; the caller frees it, NULL: no memory. */
char *trace_format(const struct trace *t);
