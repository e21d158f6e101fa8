/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rbdvold sent, read: bytes in, JSON or an error out; no I/O. */
#pragma once

#include <jansson.h>

#include "base/err.h"

/* jansson's own json_auto_t cannot be used: its expansion meets the macro cleanup of
 * base/cleanup.h.
 */
DEFINE_CLEANUP(json_t *, json_decref)
#define _cleanup_json_ cleanup(json_decref_p)

/* BYTES are a whole HTTP answer, up to where the connection ended. 0 and *out, an object, for a 2xx
 * status. Otherwise negative with *e of the kind, sentence and hint the daemon gave; *out is then
 * its error document if it sent one, else NULL. The caller frees *out in either case. */
int answer_parse(const char *bytes, size_t len, json_t **out, struct err **e);
