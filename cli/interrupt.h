/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ctrl-C, or the SIGTERM of who stops a service, in the middle of a request that changes something:
 * the command ends by the signal, as a shell expects it; but first it says that what it asked for
 * goes on, or has that end. */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "base/deadline.h"

/* From here to interrupt_release both are taken only by interrupt_poll. One that is ignored stays
 * so. */
void interrupt_catch(void);
/* The signal does what it did before. */
void interrupt_release(void);
/* poll(2) for one descriptor; -EINTR where a signal came in. */
int interrupt_poll(struct pollfd *p, struct deadline deadline);
bool interrupt_came(void);
/* End by the signal. */
_Noreturn void interrupt_end(void);
