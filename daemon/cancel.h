/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes that cancel jobs. */
#pragma once

#include "daemon/api.h"

/* End what is under way on a volume, or one job. */
void handle_cancel(struct call *c, struct answer *a);
void handle_cancel_job(struct call *c, struct answer *a);
