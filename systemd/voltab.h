/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /etc/rbdvoltab, and those of /etc/fstab that are of type rbdvol: text in, the units'
 * words out; no file, no cluster. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strlist.h"

struct voltab_line {
	char *volume;
	char *directory;       /* where fstab mounts it; NULL in rbdvoltab */
	struct strlist create; /* words of "rbdvol create"; none where it is not to be made */
	struct strlist attach; /* words of "rbdvol attach" */
	struct strlist detach; /* words of "rbdvol detach": where the volume is */
	char *cluster;	       /* NULL: the usual one */
	char *link;	       /* its device, below /dev/rbdvol/ */
	char *umount_timeout;  /* seconds; NULL */
	bool nofail, noauto, netdev;
	bool automount; /* mounted when somebody looks in */
	bool swap;	/* the kernel swaps to it; not in fstab */
	bool retry;	/* is among the words */
};
void voltab_line_deinit(struct voltab_line *l);
#define _cleanup_voltab_line_ cleanup(voltab_line_deinit)

/* TEXT, without its newline, is changed. 1 and *out; 0: blank, a comment, or in fstab of another
 * type; -EINVAL (usage) with what is wrong. */
int voltab_parse(char *text, bool fstab, struct voltab_line *out, struct err **e);

/* Print TEXT as systemd escapes it in the name of a unit; PATH: as of the path of a mount. */
void unit_escape(FILE *f, const char *text, bool path);
/* Print WORDS as one command line of a unit, each in quotes. */
void unit_words(FILE *f, const struct strlist *words);
