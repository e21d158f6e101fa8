/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An io context: a pool and namespace of a connection, where images are. */
#pragma once

#include <rados/librados.h>
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
void ioctx_deinit(struct ioctx *p);
#define _cleanup_ioctx_ cleanup(ioctx_deinit)
/* 0, or -ENOENT (not found) where the namespace is missing. */
int ioctx_check_namespace(struct ioctx *p, const struct spec *spec, struct err **e);
/* Say what of SPEC is missing, after a call said -ENOENT. Returns -ENOENT. */
int ioctx_missing(struct ioctx *p, const struct spec *spec, struct err **e);
/* Say that the name of SPEC is taken by an image that is not whole. Returns -EEXIST. */
int ioctx_taken(const struct spec *spec, struct err **e);
