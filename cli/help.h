/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --help, of the command and of each verb. */
#pragma once

#include <stdio.h>

#include "base/verb.h"

/* VERB NULL: the whole command. */
void options_print_help(FILE *f, const struct verb_info *verb);
