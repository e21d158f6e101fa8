/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References to values of jansson, whose own json_auto_t cannot be used: its expansion meets the
 * macro cleanup of base/cleanup.h. */
#pragma once

#include <jansson.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(json_t *, json_decref)
#define _cleanup_json_ cleanup(json_decref_p)
