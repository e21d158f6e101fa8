/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a look at this host and the cluster found, in words: by the doctor, and by what prunes. */
#pragma once

#include "volume/progress.h"
#include "volume/volume.h"

enum finding_level { FINDING_OK, FINDING_WARNING, FINDING_ERROR };
const char *finding_level_name(enum finding_level level);

struct finding {
	enum finding_level level;
	const char *about; /* one word: "kernel", "snapshot", …; static */
	char *text;	   /* one sentence */
	char *advice;	   /* what to do, or NULL */
};
struct finding_list {
	struct finding *items;
	size_t n;
};
void finding_list_deinit(struct finding_list *l);
/* ADVICE may be NULL. 0 or -ENOMEM with *e. */
int finding_add(struct finding_list *l, enum finding_level level, const char *about,
		const char *advice, struct err **e, const char *fmt, ...) _printf_(6, 7);

typedef int finding_operation(struct host *h, const struct volume_request *req, struct progress *p,
			      struct finding_list *out, struct err **e);
/* Whether this host can do what rbdvol needs, and what was left behind in the cluster (of
 * req->pool, or of all). A finding is not a failure of the operation. */
finding_operation volume_doctor;
/* Remove (with req->dry_run: only find) what rbdvol left behind: unfinished clones of this host
 * (with req->all_hosts old ones of others too), snapshots of its own that no clone needs, names
 * without an image, holds of this host without a device; of req->from alone, where it is given. */
finding_operation volume_prune;
