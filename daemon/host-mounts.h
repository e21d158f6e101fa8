/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd gave the daemon a mount namespace of its own, to hide from it what it has no
 * business with, the jobs still work on the host's mounts: what they mount and detach is the
 * host's. Each job's thread goes there; the thread that listens to clients does not. */
#pragma once

#include "base/err.h"

/* In the main thread, before there is another: let go, in our own namespace, what the host could
 * not unmount there, too. -EINVAL (usage): we have the host's. */
int host_mounts_leave(struct err **e);
/* The calling thread, and threads that it starts, see and change the mounts of the host. */
int host_mounts_enter(struct err **e);
