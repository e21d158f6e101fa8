/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/cls-call.h"

#include <errno.h>

#include "base/str.h"

void cls_answer_deinit(struct cls_answer *a)
{
	if (a->data)
		rados_buffer_free(a->data);
}

char *cls_object(const char *prefix, const char *rest)
{
	char *out;

	return str_printf(&out, "%s%s", prefix, rest) < 0 ? NULL : out;
}

struct reader cls_reader(const struct cls_answer *a)
{
	return (struct reader){(const uint8_t *)a->data, a->len, false};
}

void cls_add(rados_read_op_t op, const char *cls, const char *method, const struct writer *in,
	     struct cls_answer *a)
{
	rados_read_op_exec(op, cls, method, in ? (const char *)in->data : NULL, in ? in->len : 0,
			   &a->data, &a->len, &a->result);
}

int cls_read(rados_ioctx_t io, const char *object, const char *cls, const char *method,
	     const struct writer *in, struct cls_answer *a)
{
	_cleanup_read_op_ rados_read_op_t op = rados_create_read_op();
	int r;

	if (in && in->bad)
		return -ENAMETOOLONG;
	cls_add(op, cls, method, in, a);
	r = rados_read_op_operate(op, io, object, 0);
	if (r < 0)
		return r;
	return a->result < 0 ? a->result : 0;
}

int cls_write(rados_write_op_t op, rados_ioctx_t io, const char *prefix, const char *name,
	      const char *method, const struct writer *in)
{
	_cleanup_free_ char *object = cls_object(prefix, name);
	int result = 0;

	if (!object)
		return -ENOMEM;
	if (in->bad)
		return -ENAMETOOLONG;
	rados_write_op_exec(op, "rbd", method, (const char *)in->data, in->len, &result);
	return rados_write_op_operate2(op, io, object, NULL, 0);
}
