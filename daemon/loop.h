/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main thread, once all is set up: signals, the watchdog, and the jobs' housekeeping. The
 * requests have threads of their own and never come here. */
#pragma once

#include "base/err.h"
#include "daemon/service.h"

/* Block the signals that loop_run waits for; before there are threads, which inherit it. */
void loop_block_signals(void);

/* Tell the service manager that we are ready; return 0 at SIGTERM or SIGINT. SIGHUP reads
 * CONFIG_FILE anew (MUST_EXIST as for config_load). TEND, a few times a minute: what a front has to
 * do that nobody asks for; it must not wait. */
int loop_run(struct service *s, const char *config_file, bool must_exist,
	     void (*tend)(struct service *s), struct err **e);
