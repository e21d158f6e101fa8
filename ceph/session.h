/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection to a cluster as one user, and the errors of calls through it. */
#pragma once

#include <rados/librados.h>
#include <rbd/librbd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "ceph/cluster.h"

/* A connection, shared by all that use it. One that was blocklisted is marked dead and replaced at
 * the next call, while those that hold it still let go of it in their own time. */
struct session {
	struct session *next; /* of those of this process */
	bool connected;
	char fsid[FSID_LEN + 1];
	atomic_uint refs;
	atomic_bool dead;
	rados_t rados;
	char *user;	/* without "client." */
	char *monitors; /* as configured, for messages; may be empty (then from DNS) */
	uint64_t timeout_us;
	atomic_bool alloc_known;
	_Atomic uint64_t alloc_size_bytes;
};
void session_unref(struct session *s);
/* It is connected, and one of this process's from here on. */
void session_connected(struct session *s);
/* Whether the client with the number INSTANCE of S's cluster is this process, by S or by another
 * connection: another user's, or one that was begun before a reload and is still worked with. */
bool session_is_ours(const struct session *s, uint64_t instance);
/* Whether a client at ADDRESS ("ip:port/nonce") is at the IP address that S is at. */
bool session_is_at(const struct session *s, const char *address);
DEFINE_CLEANUP(struct session *, session_unref)
#define _cleanup_session_ cleanup(session_unref_p)

/* The living connection, made if there is none; the caller's until session_unref. */
int cluster_session(struct cluster *c, struct session **out, struct err **e);
/* What a layer above keeps with the cluster, one object of one kind: MAKE makes it at the first
 * call and DROP frees it with the cluster. NULL when out of memory. Thread-safe. */
void *cluster_attachment(struct cluster *c, void *(*make)(void), void (*drop)(void *));

/* Make the error of a call of librados or librbd that returned R: with the kind, the words and the
 * hint that fit, and the monitors named where none answers. Marks the session dead where the
 * cluster shut it out. Returns r. */
int session_fail(struct session *s, int r, struct err **e, const char *fmt, ...) _printf_(4, 5);
/* What the monitors answer to COMMAND, which asks for JSON; the caller's to json_decref. Without an
 * error object; -EPROTO: no JSON came. */
struct json_t;
int session_ask(struct session *s, const char *command, struct json_t **out);
/* Have the newest map of the OSDs and pools, or -ETIMEDOUT: librados would wait for it without end
 * where no monitor answers. */
int session_latest_osdmap(struct session *s);
/* 0, or -EDQUOT, -ENOSPC: nothing that needs room can be written to the pool. To be asked before a
 * snapshot is taken: librbd takes one even then, but without the object map that belongs to it. */
int session_check_room(struct session *s, int64_t pool_id);
/* All pools: names with their NULs, an empty one behind the last; the caller frees *out. Negative
 * errno. */
int session_list_pools(struct session *s, char **out);
/* A value of the configuration; the caller frees it; NULL where there is none or no memory. */
char *session_conf(rados_t rados, const char *option);
