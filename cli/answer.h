/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rbdvold sent, read: bytes in, JSON or an error out; no I/O. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/json.h"

/* BYTES are a whole HTTP answer, up to where the connection ended. 0 and *out, an object, for a 2xx
 * status. Otherwise negative with *e of the kind, sentence and hint the daemon gave; *out is then
 * its error document if it sent one, else NULL. The caller frees *out in either case. */
int answer_parse(const char *bytes, size_t len, json_t **out, struct err **e);
