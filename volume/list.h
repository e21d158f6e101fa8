/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of volumes. */
#pragma once

#include "base/err.h"
#include "base/request.h"
#include "volume/progress.h"
#include "volume/volume.h"

/* Attached volumes, from local facts alone; with req->all those of the cluster's pools (or
 * req->pool) too; with req->usage also what each takes of the cluster. */
int volume_list(struct host *h, const struct volume_request *req, struct progress *p,
		struct volume_list *out, struct err **e);
