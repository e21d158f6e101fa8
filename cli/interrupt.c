/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

/* A signal has no other way to tell. */
static volatile sig_atomic_t came;
static bool caught;
static struct sigaction before;
static sigset_t mask_before;

static void on_signal(int number)
{
	(void)number;
	came = 1;
}

void interrupt_catch(void)
{
	const struct sigaction ours = {.sa_handler = on_signal};
	sigset_t interrupt;

	if (sigaction(SIGINT, NULL, &before) < 0 || before.sa_handler == SIG_IGN)
		return;
	/* Blocked but for the wait, so that none is lost just before it begins. */
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &mask_before);
	caught = !sigaction(SIGINT, &ours, NULL);
	if (!caught)
		sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

void interrupt_release(void)
{
	if (!caught)
		return;
	caught = false;
	sigaction(SIGINT, &before, NULL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

int interrupt_poll(struct pollfd *p, struct deadline deadline)
{
	int ms = deadline_poll_ms(deadline);
	const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	int r = ppoll(p, 1, &ts, caught ? &mask_before : NULL);

	return r < 0 ? -errno : r;
}

bool interrupt_came(void)
{
	return came;
}

_Noreturn void interrupt_end(void)
{
	interrupt_release();
	raise(SIGINT);
	exit(128 + SIGINT); /* who catches it all the same */
}
