/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/str.h"
#include "volume/progress.h"

void progress_note(struct progress *p, const char *fmt, ...)
{
	_cleanup_free_ char *sentence = STR_FORMAT(fmt);

	if (sentence && p->note)
		p->note(p, sentence);
}

void progress_notes(struct progress *p, const struct strlist *sentences)
{
	for (size_t i = 0; i < sentences->n; i++)
		progress_note(p, "%s", sentences->items[i]);
}

int progress_check(struct progress *p)
{
	if (p->cancelled && p->cancelled(p))
		return -ECANCELED;
	return p->ends && deadline_passed(p->deadline) ? -ETIMEDOUT : 0;
}

static int progress_go_on(void *arg)
{
	return progress_check(arg);
}

struct check progress_checking(struct progress *p)
{
	return (struct check){progress_go_on, p};
}

int progress_tell(struct progress *p, uint64_t done, uint64_t total)
{
	if (p->done)
		p->done(p, done, total);
	return progress_check(p);
}
