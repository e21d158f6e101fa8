/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an operation tells what it is doing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/strlist.h"

/* How an operation tells what it is doing. The daemon's job stands behind it. */
struct progress {
	struct deadline deadline;
	bool ends;   /* at the deadline, done or not */
	bool yields; /* of another than root: only few at once may ask for each object */
	/* STEP begins, such as "map"; copied. NULL function: nobody listens. */
	void (*step)(struct progress *p, const char *step);
	/* DONE of TOTAL of the step's work, of no certain unit. */
	void (*done)(struct progress *p, uint64_t done, uint64_t total);
	/* Something the user should know, one sentence. */
	void (*note)(struct progress *p, const char *sentence);
	/* Whether it is to end before it is done. NULL function: never. */
	bool (*cancelled)(struct progress *p);
};
/* 0, -ECANCELED, or -ETIMEDOUT where it is to end at its deadline: to be looked at wherever an
 * operation can be left as it is. */
int progress_check(struct progress *p);
/* The same as a struct check (base/check.h), which borrows P. */
struct check progress_checking(struct progress *p);
/* DONE of TOTAL, and progress_check. */
int progress_tell(struct progress *p, uint64_t done, uint64_t total);
void progress_note(struct progress *p, const char *fmt, ...) _printf_(2, 3);
void progress_notes(struct progress *p, const struct strlist *sentences);
