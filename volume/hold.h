/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hold of a volume, taken and released by operations. */
#pragma once

#include "base/err.h"
#include "volume/operation.h"
#include "volume/step.h"

/* The client was blocklisted, *e says: by a host that took the hold? Then say that instead. */
int hold_explain_loss(struct operation *o, struct err **e);
/* -EBUSY (held): somebody has taken the hold since this operation took it. */
int hold_check_kept(struct operation *o, struct err **e);
extern const struct step step_hold;    /* this host has the right to write it */
extern const struct step step_record;  /* the hold says which client writes */
extern const struct step step_release; /* this host does not hold it */
/* Hold the volume while ACT is at it, so that no other host attaches it meanwhile. Whoever has it
 * open without a hold is for ACT to refuse. That it cannot be let go of afterwards is a note. */
int with_hold(struct operation *o, int (*act)(struct operation *o, struct err **e), struct err **e);
