/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/cleanup.h"

static const int signals[] = {SIGINT, SIGTERM};

/* Which came. A signal has no other way to tell. */
static volatile sig_atomic_t came;
static bool caught[ARRAY_SIZE(signals)];
static struct sigaction before[ARRAY_SIZE(signals)];
static sigset_t mask_before;

static void on_signal(int number)
{
	came = number;
}

static bool any_caught(void)
{
	return caught[0] || caught[1];
}

/* One that is ignored stays so. */
static bool catch_one(size_t i)
{
	const struct sigaction ours = {.sa_handler = on_signal};

	return !sigaction(signals[i], NULL, &before[i]) && before[i].sa_handler != SIG_IGN &&
	       !sigaction(signals[i], &ours, NULL);
}

void interrupt_catch(void)
{
	sigset_t set;

	/* Blocked but for the wait, so that none is lost just before it begins. */
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &mask_before);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		caught[i] = catch_one(i);
	if (!any_caught())
		sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

void interrupt_release(void)
{
	if (!any_caught())
		return;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (caught[i])
			sigaction(signals[i], &before[i], NULL);
		caught[i] = false;
	}
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

int interrupt_poll(struct pollfd *p, struct deadline deadline)
{
	int ms = deadline_poll_ms(deadline);
	const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	int r = ppoll(p, 1, &ts, any_caught() ? &mask_before : NULL);

	return r < 0 ? -errno : r;
}

bool interrupt_came(void)
{
	return came;
}

_Noreturn void interrupt_end(void)
{
	int number = came;

	interrupt_release();
	raise(number);
	exit(128 + number); /* who catches it all the same */
}
