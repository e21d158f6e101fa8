/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that the cluster has blocklisted (its blocklist). */
#pragma once

#include <stdbool.h>

#include "base/strlist.h"
#include "ceph/cluster.h"

/* The addresses that are blocklisted, "ip:port/nonce"; "ip:0/0" is a whole host. */
int blocklist_list(struct cluster *c, struct strlist *out, struct err **e);
/* The same through one connection. */
struct session;
int blocklist_of(struct session *s, struct strlist *out, struct err **e);
bool blocklist_has(const struct strlist *list, const char *address);
