/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol.conf and its drop-ins: read and checked whole, then in effect or not at all. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"
#include "daemon/peer.h"

#define CONFIG_FILE SYSCONFDIR "/rbdvol/rbdvol.conf"

/* Owns its strings; NULL is 'not set' where there is no default. */
struct config {
	char *cluster;
	char *user;
	char *conf;
	char *keyring;
	char *pool;
	char *map_options;
	uint64_t timeout_us;	     /* of a request */
	uint64_t cluster_timeout_us; /* of one operation of the cluster */
	uint64_t plugin_timeout_us;  /* of a container runtime's request */
	uint64_t stuck_us;	     /* in one step for longer, a job is called stuck */
	uint64_t trims_at_once;	     /* others wait */
	struct id_list changers;
	struct strlist allowed_users;	 /* of Ceph, that others than root may choose; "*": any */
	struct strlist allowed_clusters; /* likewise */
	/* Of the plugin for container runtimes: where volumes may be besides POOL ("POOL" or
	 * "POOL/NAMESPACE"), and which options they may have that reach beyond themselves. */
	struct strlist plugin_pools;
	struct strlist plugin_mount_options;
	struct strlist plugin_map_options;
};

/* FILE, then FILE.d with each *.conf in it in the order of their names; later ones win. FILE may be
 * missing unless MUST_EXIST. -EINVAL (usage): every bad line is named with its file and number;
 * *out is then empty. */
int config_load(const char *file, bool must_exist, struct config *out, struct err **e);
/* May be called twice. */
void config_deinit(struct config *c);
#define _cleanup_config_ cleanup(config_deinit)
