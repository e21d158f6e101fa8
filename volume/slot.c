/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/slot.h"
#include "base/lock.h"
#include "base/str.h"
#include "volume/progress.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

/* How often one who waits looks whether it shall go on: nothing wakes it for that. */
#define LOOK_US 200000

struct slots {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	unsigned at_once, taken;
};

struct slots *slots_new(unsigned at_once)
{
	struct slots *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->freed, NULL);
	t->at_once = at_once ? at_once : 1;
	return t;
}

void slots_free(struct slots *t)
{
	if (!t)
		return;
	pthread_cond_destroy(&t->freed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static void slot_tell(const struct slots *t, const char *what, struct progress *p)
{
	_cleanup_free_ char *step = NULL;

	str_printf(&step, "wait for other %s (%u at once)", what, t->at_once);
	if (step && p->step)
		p->step(p, step);
}

/* With the lock held, until one ends or it is time to look. */
static void wait_a_while(struct slots *t)
{
	deadline_wait(&t->freed, &t->lock, deadline_in(LOOK_US));
}

int slot_take(struct slots *t, const char *what, struct progress *p, struct err **e)
{
	WITH_LOCK(&t->lock);
	if (t->taken >= t->at_once)
		slot_tell(t, what, p);
	while (t->taken >= t->at_once) {
		if (deadline_passed(p->deadline)) {
			err_set(e, ERR_BUSY, -EBUSY, "%u other %s are under way", t->at_once, what);
			return err_hint(e, "see 'rbdvol jobs', or wait longer (--timeout)");
		}
		if (progress_check(p) < 0)
			return err_set(e, ERR_FAILED, -ECANCELED,
				       "cancelled while it waited for other %s", what);
		wait_a_while(t);
	}
	t->taken++;
	return 0;
}

void slot_end(struct slots *t)
{
	WITH_LOCK(&t->lock);
	t->taken--;
	pthread_cond_signal(&t->freed);
}
