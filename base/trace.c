/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/trace.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/deadline.h"

static _Thread_local struct counts counted;

static const char *const kind_names[TRACE_KINDS] = {
	[TRACE_MONITORS] = "monitors", [TRACE_OSDS] = "osds",	      [TRACE_IMAGES] = "images",
	[TRACE_FILES] = "files",       [TRACE_PROGRAMS] = "programs",
};

const char *trace_kind_name(enum trace_kind kind)
{
	return kind_names[kind];
}

void trace_count(enum trace_kind kind)
{
	counted.of[kind]++;
}

struct counts trace_counts(void)
{
	return counted;
}

static void counts_add(struct counts *sum, const struct counts *more, const struct counts *less)
{
	for (size_t i = 0; i < TRACE_KINDS; i++)
		sum->of[i] += more->of[i] - less->of[i];
}

void trace_add(const struct counts *other)
{
	const struct counts none = {0};

	counts_add(&counted, other, &none);
}

void trace_end(struct trace *t)
{
	uint64_t now_us = clock_now_us();

	if (t->n) {
		t->steps[t->at].us += now_us - t->since_us;
		counts_add(&t->steps[t->at].counts, &counted, &t->since);
	}
	t->since_us = now_us;
	t->since = counted;
}

void trace_step(struct trace *t, const char *name)
{
	char cut[sizeof(t->steps->name)];

	trace_end(t);
	snprintf(cut, sizeof(cut), "%s", name);
	for (t->at = 0; t->at < t->n && strcmp(t->steps[t->at].name, cut); t->at++)
		;
	if (t->at < t->n)
		return;
	if (t->n == TRACE_STEPS_MAX) {
		t->at = t->n - 1;
		return;
	}
	memcpy(t->steps[t->n++].name, cut, sizeof(cut));
}

struct trace_step trace_total(const struct trace *t)
{
	const struct counts none = {0};
	struct trace_step total = {0};

	for (size_t i = 0; i < t->n; i++) {
		total.us += t->steps[i].us;
		counts_add(&total.counts, &t->steps[i].counts, &none);
	}
	return total;
}

static void print_step(FILE *f, const struct trace_step *s)
{
	fprintf(f, "%s %.1f ms", s->name, (double)s->us / 1000);
	for (size_t i = 0; i < TRACE_KINDS; i++)
		if (s->counts.of[i])
			fprintf(f, ", %" PRIu64 " %s", s->counts.of[i], kind_names[i]);
}

char *trace_format(const struct trace *t)
{
	struct text out;
	FILE *f = text_begin(&out);

	if (!f)
		return NULL;
	for (size_t i = 0; i < t->n; i++) {
		fputs(i ? "; " : "", f);
		print_step(f, &t->steps[i]);
	}
	return text_end(f, &out);
}
