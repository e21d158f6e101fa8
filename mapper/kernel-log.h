/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's rbd and libceph said while something was done: an errno alone seldom tells. */
#pragma once

/* A place in the kernel's log: its end, now. -1 where the log may not be read. The caller closes.
 */
int kernel_log_open(void);
/* The last lines of rbd and libceph since then, "…; …"; the caller frees it. NULL: none. Others may
 * have been busy at the same time, so it is a hint and no proof. */
char *kernel_log_since(int fd);
