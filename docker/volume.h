/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The work behind each plugin request. */
#pragma once

#include "base/err.h"
#include "docker/work.h"
#include "volume/progress.h"

int docker_find(struct docker_work *w, struct progress *p, struct err **e);
int docker_create(struct docker_work *w, struct progress *p, struct err **e);
int docker_remove(struct docker_work *w, struct progress *p, struct err **e);
int docker_mount(struct docker_work *w, struct progress *p, struct err **e);
/* Unmount and detach it where it has no users any more. */
int docker_let_go(struct docker_work *w, struct progress *p, struct err **e);
