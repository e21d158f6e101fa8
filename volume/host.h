/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This host: the clusters it talks to and the defaults of its configuration. Thread-safe once made.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/request.h"
#include "base/strlist.h"
#include "rbd/hold-state.h"
#include "volume/image-lock.h"

struct slots;
struct probes;
struct fenced;
struct host;
struct host_config {
	const char *cluster; /* default cluster's name */
	const char *user;    /* NULL: CEPH_ARGS, then admin */
	const char *conf;    /* of the default cluster; NULL: the usual place */
	const char *keyring;
	const char *pool;	 /* default pool */
	const char *map_options; /* default map options; NULL: none */
	uint64_t timeout_us;	 /* of one cluster operation */
	unsigned trims_at_once;	 /* others wait; 0: one */
};
/* BEFORE: the host as it was configured before, or NULL; both know of each other's operations. */
int host_new(const struct host_config *config, struct host *before, struct host **out,
	     struct err **e);
void host_free(struct host *h);
/* The files that a host with CONFIG reads of the cluster: its configuration, and the keyring. No
 * network. -ENOENT: there is no configuration, or no key. */
int host_files(const struct host_config *config, struct strlist *out, struct err **e);

/* Who this host is, as written into holds and into the names of clones under way. */
struct host_identity {
	char id[33];	  /* 32 hexadecimal digits, made from the machine id, unlike it */
	char boot_id[37]; /* changes at each boot */
};

const struct host_config *host_defaults(const struct host *h);
const struct host_identity *host_identity(const struct host *h);
/* A hold as this host writes it now, not shared: its name may change while rbdvold runs.
 * CLIENT_ADDRESS: of the device here, or "". The caller calls hold_deinit. */
int host_hold(const struct host *h, const char *client_address, struct hold *out, struct err **e);
/* The lasting connection that the request means; the caller unrefs. Connects nothing yet. */
int host_cluster(struct host *h, const struct volume_request *req, struct cluster **out,
		 struct err **e);
/* The same, but for what only looks: a call that is not answered ends sooner, while who asks still
 * waits. */
int host_cluster_to_look(struct host *h, const struct volume_request *req, struct cluster **out,
			 struct err **e);
/* Add the address of each connection of this process to a cluster. */
int host_own_addresses(struct host *h, struct strlist *out, struct err **e);
struct slots *host_trims(struct host *h);
struct slots *host_scans(struct host *h);
struct probes *host_probes(struct host *h);
struct fenced *host_fenced(struct host *h);
struct image_locks *host_image_locks(struct host *h);
/* The pool of a spec that names none. */
const char *host_pool(const struct host *h, const struct volume_request *req);
