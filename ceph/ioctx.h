/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An io context: a pool and namespace of a connection, where images are. */
#pragma once

#include <rados/librados.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/spec.h"
#include "ceph/cluster.h"
#include "ceph/session.h"

struct ioctx {
	struct session *session;
	rados_ioctx_t io;
	int64_t pool_id;
};
/* -ENOENT (not found): no such pool. The namespace is not looked at. */
int ioctx_open(struct cluster *c, const char *pool, const char *ns, struct ioctx *out,
	       struct err **e);
/* The same in SESSION. */
int ioctx_open_in(struct session *session, const char *pool, const char *ns, struct ioctx *out,
		  struct err **e);
/* The same by the pool's number; without an error object, as it may well be gone. */
int ioctx_open_id(struct session *session, int64_t pool_id, const char *ns, struct ioctx *out);
/* As session_fail; a user who lacks a capability is told for which pool and namespace. */
int ioctx_fail(struct ioctx *p, int r, struct err **e, const char *fmt, ...) _printf_(4, 5);
void ioctx_deinit(struct ioctx *p);
#define _cleanup_ioctx_ cleanup(ioctx_deinit)
/* After a call said -ENOENT: with a pool goes all that was in it, and who has the map of before
 * sees only that. 0: the pool is there; -ENOENT (not found): it is gone; -ESTALE (failed): another
 * pool has the name POOL. */
int ioctx_check_pool(struct ioctx *p, const char *pool, struct err **e);
/* What a pool is used for, by who made it: whether that is one of the N of ANY. */
bool ioctx_has_application(rados_ioctx_t io, const char *const *any, size_t n);
/* 0, or -ENOENT (not found) where the namespace is missing. */
int ioctx_check_namespace(struct ioctx *p, const struct spec *spec, struct err **e);
/* Say what of SPEC is missing, after a call said -ENOENT. Returns -ENOENT; or -ESTALE (failed): P
 * is of a pool that is gone, and another has its name. The map is new then, so that who opens it
 * again gets the other one. */
int ioctx_missing(struct ioctx *p, const struct spec *spec, struct err **e);
/* Say that the name of SPEC is taken by an image that is not whole. Returns -EEXIST. */
int ioctx_taken(const struct spec *spec, struct err **e);
