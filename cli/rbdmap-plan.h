/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What taking over from rbdmap(8) changes on this host: made line by line, told, and only then
 * done. */
#pragma once

#include <jansson.h>

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
/* When all lines of FILE are in: what is to change in fstab and crypttab, and what to tell of units
 * and hooks. */
int rbdmap_plan_tables(struct rbdmap_plan *p, const char *file, struct err **e);
int rbdmap_plan_units(struct rbdmap_plan *p, struct err **e);
int rbdmap_plan_hooks(struct rbdmap_plan *p, struct err **e);

/* What SOURCE, which a table of this host names, is with these volumes. */
struct rbdmap_target {
	enum rbdmap_place place;
	char *volume; /* NULL where it is of none, or of several */
	char *link;   /* its device, below /dev/rbdvol/ */
	bool planned; /* the volume is one of these */
	bool partition;
};
int rbdmap_target(const struct rbdmap_plan *p, const char *source, struct rbdmap_target *out,
		  struct err **e);
void rbdmap_target_deinit(struct rbdmap_target *t);
#define _cleanup_rbdmap_target_ cleanup(rbdmap_target_deinit)
/* fstab swaps to the whole of its device. */
bool rbdmap_swaps_to(const struct rbdmap_plan *p, const struct spec *spec);

int rbdmap_note(struct rbdmap_plan *p, struct err **e, const char *fmt, ...) _printf_(3, 4);

/* The whole file PATH; unless it MUST be there, "" where it is not. To be freed. */
int rbdmap_read(const char *path, bool must, char **out, struct err **e);
