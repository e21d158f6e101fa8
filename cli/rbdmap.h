/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /etc/ceph/rbdmap, see rbdmap(8), and what they are in /etc/rbdvoltab: texts in, texts
 * out; no file. */
#pragma once

#include "base/spec.h"
#include "base/strlist.h"

struct rbdmap_line {
	struct spec spec;
	struct strlist options; /* words of rbdvoltab(5) */
	struct strlist notes;	/* what was dropped, and why */
	char *keyring;		/* NULL: none is named */
};
void rbdmap_line_deinit(struct rbdmap_line *l);
#define _cleanup_rbdmap_line_ cleanup(rbdmap_line_deinit)

/* TEXT, without its newline, is changed. 1 and *out; 0: blank or a comment; -EINVAL (usage) with
 * what is wrong. */
int rbdmap_parse(char *text, struct rbdmap_line *out, struct err **e);
/* The line of rbdvoltab, without a newline. To be freed; NULL when out of memory. */
char *rbdmap_volume_line(const struct rbdmap_line *l);
