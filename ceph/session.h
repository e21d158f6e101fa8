/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection to a cluster as one user, and the errors of calls through it. */
#pragma once

#include <rados/librados.h>
#include <rbd/librbd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
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

/* Make the error of a call of librados or librbd that returned R: with the kind, the words and the
 * hint that fit, and the monitors named where none answers. Marks the session dead where the
 * cluster shut it out. Returns r. */
int session_fail(struct session *s, int r, struct err **e, const char *fmt, ...) _printf_(4, 5);

/* All pools: names with their NULs, an empty one behind the last; the caller frees *out. Negative
 * errno. */
int session_list_pools(struct session *s, char **out);
/* A value of the configuration; the caller frees it; NULL where there is none or no memory. */
char *session_conf(rados_t rados, const char *option);
