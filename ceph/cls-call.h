/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of methods of the OSDs' classes: what cls.c and its neighbours are made of. All return
 * negative errno; thread safe, since each has an operation of its own. */
#pragma once

#include <rados/librados.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "ceph/wire.h"

/* Allocated by librados. */
struct cls_answer {
	char *data;
	size_t len;
	int result;
};
void cls_answer_deinit(struct cls_answer *a);
#define _cleanup_cls_answer_ cleanup(cls_answer_deinit)

DEFINE_CLEANUP(rados_read_op_t, rados_release_read_op)
DEFINE_CLEANUP(rados_write_op_t, rados_release_write_op)
#define _cleanup_read_op_  cleanup(rados_release_read_op_p)
#define _cleanup_write_op_ cleanup(rados_release_write_op_p)

/* The name of an object, PREFIX and REST; the caller frees it; NULL: no memory. */
char *cls_object(const char *prefix, const char *rest);
struct reader cls_reader(const struct cls_answer *a);
/* Add a call of METHOD of class CLS to a read operation; IN may be NULL. */
void cls_add(rados_read_op_t op, const char *cls, const char *method, const struct writer *in,
	     struct cls_answer *a);
/* Do one call. -ENAMETOOLONG: IN is too long; else what the operation or the method returns. */
int cls_read(rados_ioctx_t io, const char *object, const char *cls, const char *method,
	     const struct writer *in, struct cls_answer *a);
/* Add a call of class rbd that changes PREFIX+NAME to what is in OP already, and do it. */
int cls_write(rados_write_op_t op, rados_ioctx_t io, const char *prefix, const char *name,
	      const char *method, const struct writer *in);
