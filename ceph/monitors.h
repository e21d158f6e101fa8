/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of the monitors. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "ceph/cluster.h"
#include "ceph/session.h"

/* Monitor addresses "ip:port,ip:port" (IPv6 in brackets) by protocol, from the monmap; NULL where
 * none speaks it. The caller frees both. */
struct monitors {
	char *v1;
	char *v2;
};

/* The addresses in a dump of the monitors' map. -EPROTO: it has none. */
int monitors_parse(const struct json_t *dump, struct monitors *out);

int cluster_monitors(struct cluster *c, struct monitors *out, struct err **e);
void monitors_deinit(struct monitors *m);
#define _cleanup_monitors_ cleanup(monitors_deinit)

/* The smallest piece that all OSDs can free, in bytes (BlueStore's min_alloc_size, the largest
 * among the OSDs); 0 where no OSD says. Asked once a connection. */
int cluster_alloc_size(struct cluster *c, uint64_t *out_bytes, struct err **e);

/* How much more a client can store in POOL, in bytes, with replicas and the full ratio allowed for,
 * as the manager has counted it some seconds ago. -ENOENT (not found): there is no such pool;
 * -EAGAIN (unreachable): it is not counted yet. */
int cluster_available(struct cluster *c, const char *pool, uint64_t *out_bytes, struct err **e);

int session_ask(struct session *s, const char *command, struct json_t **out);
/* Have the newest map of the OSDs and pools, or -ETIMEDOUT: librados would wait for it without end
 * where no monitor answers. */
int session_latest_osdmap(struct session *s);
/* 0, or -EDQUOT, -ENOSPC: nothing that needs room can be written to the pool. To be asked before a
 * snapshot is taken: librbd takes one even then, but without the object map that belongs to it. */
int session_check_room(struct session *s, int64_t pool_id);
