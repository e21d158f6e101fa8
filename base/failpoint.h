/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failpoints: places where a test lets the daemon die by SIGKILL, or stand still until SIGCONT, one
 * for each moment at which it matters what has been done to cluster or kernel and what has not. In
 * a product build they are nothing at all; a build with failpoints (configure --enable-failpoints,
 * and tests/guest/rbdvold-failpoints) reads the directory $RBDVOL_FAILPOINTS: each point that is
 * passed is appended to its file 'seen', the point that its file 'armed' names is where the process
 * ends (the file is removed first, so that the next daemon lives), and that of 'paused' where it
 * stops. A test thus learns every point from a run that succeeds, and there is no list of them to
 * be kept. */
#pragma once

#ifdef RBDVOL_FAILPOINTS
/* The point NAME, or NAME.WHEN where WHEN is not NULL. */
void failpoint_pass(const char *name, const char *when);
#define FAILPOINT(name)		 failpoint_pass(name, NULL)
#define FAILPOINT_AT(name, when) failpoint_pass(name, when)
#else
#define FAILPOINT(name)		 ((void)0)
#define FAILPOINT_AT(name, when) ((void)0)
#endif
