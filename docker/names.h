/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names that this host's runtimes have used since boot, and the volumes they mean: a copy,
 * below /run, of what the cluster says, so that the runtimes' questions are answered at once.
 * Losing it costs a look at the cluster. */
#pragma once

#include "base/spec.h"
#include "base/strlist.h"

/* 1 and *out, or 0. NAME is checked (docker_name_check). */
int docker_name_get(const char *name, struct spec *out, struct err **e);
int docker_name_put(const char *name, const struct spec *spec, struct err **e);
/* Fine where it is not there. */
void docker_name_remove(const char *name);
/* A volume is about to be made for NAME, where none was; known until docker_name_end. */
int docker_name_begin(const char *name, const struct spec *spec, struct err **e);
bool docker_name_is_begun(const char *name, const struct spec *spec);
void docker_name_end(const char *name);
int docker_name_list(struct strlist *out, struct err **e);
