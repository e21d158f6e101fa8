/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What taking over from rbdmap(8) changes on this host: made line by line, told, and only then
 * done. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strlist.h"
#include "cli/rbdmap-devices.h"
#include "cli/rbdmap.h"

struct rbdmap_plan {
	/* RBDVOLTAB, FSTAB, CRYPTTAB and UNITS (tests) name others */
	const char *table_path, *fstab_path, *crypttab_path, *units_path;
	char *table;		/* rbdvoltab as it is to be */
	char *fstab, *crypttab; /* as they are */
	struct strlist seen;	/* volumes so far */
	struct rbdmap_devices devices;
	json_t *add;	 /* lines for rbdvoltab */
	json_t *present; /* volumes that a table has already */
	json_t *change;	 /* of fstab: {"line", "now", "then"} */
	json_t *crypt;	 /* of crypttab */
	json_t *notes;
};
int rbdmap_plan_init(struct rbdmap_plan *p, struct err **e);
void rbdmap_plan_deinit(struct rbdmap_plan *p);
#define _cleanup_rbdmap_plan_ cleanup(rbdmap_plan_deinit)

/* L, the line WHERE ("FILE:NUMBER"), gets the word swap where fstab swaps to its volume. */
int rbdmap_plan_add(struct rbdmap_plan *p, struct rbdmap_line *l, const char *where,
		    struct err **e);

int rbdmap_note(struct rbdmap_plan *p, struct err **e, const char *fmt, ...) _printf_(3, 4);

/* The whole file PATH; unless it MUST be there, "" where it is not. To be freed. */
int rbdmap_read(const char *path, bool must, char **out, struct err **e);

/* The file that rbdmap.service reads: what RBDMAPFILE names in the environment or in an environment
 * file of Ceph, else the usual one. To be freed. A note in P tells of the second. */
int rbdmap_file(struct rbdmap_plan *p, char **out, struct err **e);
