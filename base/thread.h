/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Call FN with ARG on a thread of its own, which nobody joins and which gets no signal: signals
 * belong to the main thread. 0, or a negative errno, and FN is not called. */
int thread_start(void *(*fn)(void *arg), void *arg);
