/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of the monitors. */
#pragma once

#include <jansson.h>

#include "ceph/cluster.h"

/* The addresses in a dump of the monitors' map. -EPROTO: it has none. */
int monitors_parse(const struct json_t *dump, struct monitors *out);
