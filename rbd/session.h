/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside rbd/: one connection, and a place in it (a pool and namespace) where images are. */
#pragma once

#include <rados/librados.h>
#include <rbd/librbd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/spec.h"
#include "rbd/close.h"
#include "rbd/cluster.h"
#include "rbd/memory.h"

/* A connection, shared by all that use it. One that was shut out is marked dead and replaced at the
 * next call, while those that hold it still let go of it in their own time. */
struct session {
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
DEFINE_CLEANUP(struct session *, session_unref)
#define _cleanup_session_ cleanup(session_unref_p)

/* The living connection, made if there is none; the caller's until session_unref. */
int cluster_session(struct cluster *c, struct session **out, struct err **e);
/* What is remembered of checked snapshots; as long as the cluster. */
struct memory *cluster_memory(struct cluster *c);

/* Make the error of a call of librados or librbd that returned R: with the kind, the words and the
 * hint that fit, and the monitors named where none answers. Marks the session dead where the
 * cluster shut it out. Returns r. */
int session_fail(struct session *s, int r, struct err **e, const char *fmt, ...) _printf_(4, 5);
/* What the monitors answer to COMMAND, which asks for JSON; the caller's to json_decref. Without an
 * error object; -EPROTO: no JSON came. */
struct json_t;
int session_ask(struct session *s, const char *command, struct json_t **out);
/* The addresses in a dump of the monitors' map. -EPROTO: it has none. */
int monitors_parse(const struct json_t *dump, struct monitors *out);
/* Have the newest map of the OSDs and pools, or -ETIMEDOUT: librados would wait for it without end
 * where no monitor answers. */
int session_latest_osdmap(struct session *s);
/* 0, or -EDQUOT, -ENOSPC: nothing that needs room can be written to the pool. To be asked before a
 * snapshot is taken: librbd takes one even then, but without the object map that belongs to it. */
int session_check_room(struct session *s, int64_t pool_id);
/* A value of the configuration; the caller frees it; NULL where there is none or no memory. */
char *session_conf(rados_t rados, const char *option);
/* As session_conf, for keyring.c's use before a connection stands. */
int key_find(rados_t rados, const char *user, struct secret *out, struct err **e);
/* A key in base64, blanks around it. -EINVAL: it is none. */
int key_decode(const char *text, struct secret *out);
/* The key of ENTITY ("client.admin") in a keyring's TEXT, which is changed. 1 and *out; 0: it has
 * none; -EINVAL. */
int key_in_text(char *text, const char *entity, struct secret *out);

struct place {
	struct session *session;
	rados_ioctx_t io;
	int64_t pool_id;
};
/* -ENOENT (not found): no such pool. The namespace is not looked at. */
int place_open(struct cluster *c, const char *pool, const char *ns, struct place *out,
	       struct err **e);
/* The same in SESSION. */
int place_open_in(struct session *session, const char *pool, const char *ns, struct place *out,
		  struct err **e);
/* The same by the pool's number; without an error object, as it may well be gone. */
int place_open_id(struct session *session, int64_t pool_id, const char *ns, struct place *out);
void place_deinit(struct place *p);
#define _cleanup_place_ cleanup(place_deinit)
/* 0, or -ENOENT (not found) where the namespace is missing. */
int place_check_namespace(struct place *p, const struct spec *spec, struct err **e);
/* Say what of SPEC is missing, after a call said -ENOENT. Returns -ENOENT. */
int place_missing(struct place *p, const struct spec *spec, struct err **e);
/* Say that the name of SPEC is taken by an image that is not whole. Returns -EEXIST. */
int place_taken(const struct spec *spec, struct err **e);
