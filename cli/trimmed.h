/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What came of trims, as a table. */
#pragma once

#include <jansson.h>

#include "base/err.h"

/* ROWS, the daemon's answers. */
int trimmed_print(const json_t *rows, struct err **e);
/* All of ROWS in one, like them; the caller's to json_decref. */
json_t *trimmed_total(const json_t *rows);
