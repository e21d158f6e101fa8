/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume that a name or a device node stands for. */
#pragma once

#include "base/err.h"
#include "base/request.h"
#include "base/spec.h"

struct host;

/* The spec that TEXT means: a spec, or the volume behind a device node or link (/dev/…), whose
 * device then goes into REQ: another cluster may have images of the same names. */
int volume_resolve(struct host *h, struct volume_request *req, const char *text, struct spec *out,
		   struct err **e);
