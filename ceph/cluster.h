/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One lasting connection to a Ceph cluster as one user. Thread-safe and reference counted. Connects
 * when it is first needed, and again after the client was blocklisted or a connect
 * failed. Every call into the cluster ends within timeout_us (rados_mon_op_timeout,
 * rados_osd_op_timeout, client_mount_timeout). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

struct session;
struct cluster;

struct cluster_config {
	const char *name;    /* "ceph": conf is /etc/ceph/NAME.conf where not given */
	const char *user;    /* without "client."; NULL: CEPH_ARGS, then admin */
	const char *conf;    /* NULL: CEPH_CONF, then librados' default places */
	const char *keyring; /* NULL: as conf says */
	uint64_t timeout_us; /* of connecting and of each operation; whole seconds, rounded up */
};

/* Reads nothing but the configuration; no network. -ENOENT: no configuration file. */
int cluster_new(const struct cluster_config *config, struct cluster **out, struct err **e);
struct cluster *cluster_ref(struct cluster *c);
void cluster_unref(struct cluster *c);
DEFINE_CLEANUP(struct cluster *, cluster_unref)
#define _cleanup_cluster_ cleanup(cluster_unref_p)

const char *cluster_user(const struct cluster *c);
/* The monitors that connecting asks, as the configuration names them: for messages. */
const char *cluster_monitors_configured(const struct cluster *c);

/* Connect unless connected. -ETIMEDOUT (unreachable) names the monitors that were tried; -EACCES:
 * key or user refused; -ENOENT: no key found. */
int cluster_connect(struct cluster *c, struct err **e);

/* The address of this connection as others see it, "ip:0/nonce": 1 and *out, which the caller
 * frees; 0: not connected. Asks nobody. */
int cluster_own_address(struct cluster *c, char **out, struct err **e);

#define FSID_LEN 36
int cluster_fsid(struct cluster *c, char out[static FSID_LEN + 1], struct err **e);
/* The same without asking anybody, so that it can be had while the cluster is away: of the
 * configuration. False where that does not say. */
bool cluster_fsid_configured(struct cluster *c, char out[static FSID_LEN + 1]);

/* The file that the user's key is in, the caller's; NULL where the configuration has it, or none is
 * needed. Asks nobody. -ENOENT: there is no key. */
int cluster_key_file(struct cluster *c, char **out, struct err **e);

/* The living connection, made if there is none; the caller's until session_unref. */
int cluster_session(struct cluster *c, struct session **out, struct err **e);
/* What a layer above keeps with the cluster, one object of one kind: MAKE makes it at the first
 * call and DROP frees it with the cluster. NULL when out of memory. Thread-safe. */
void *cluster_attachment(struct cluster *c, void *(*make)(void), void (*drop)(void *));
