/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What taking over from rbdmap(8) changes on this host: made line by line, told, and only then
 * done. */
#pragma once

#include <jansson.h>

#include "cli/rbdmap.h"

struct rbdmap_plan {
	const char *table_path, *fstab_path; /* RBDVOLTAB and FSTAB (tests) name other files */
	char *table;			     /* rbdvoltab as it is to be */
	char *fstab;			     /* as it is */
	struct strlist seen;		     /* volumes so far */
	json_t *add;			     /* lines for rbdvoltab */
	json_t *present;		     /* volumes that a table has already */
	json_t *change;			     /* of fstab: {"line", "now", "then"} */
	json_t *notes;
};
int rbdmap_plan_init(struct rbdmap_plan *p, struct err **e);
void rbdmap_plan_deinit(struct rbdmap_plan *p);
#define _cleanup_rbdmap_plan_ cleanup(rbdmap_plan_deinit)

int rbdmap_plan_add(struct rbdmap_plan *p, const struct rbdmap_line *l, struct err **e);

/* The whole file PATH; unless it MUST be there, "" where it is not. To be freed. */
int rbdmap_read(const char *path, bool must, char **out, struct err **e);
