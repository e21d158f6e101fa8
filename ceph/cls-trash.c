/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/cls-trash.h"

#include <errno.h>
#include <rbd/librbd.h>
#include <string.h>
#include <time.h>

#include "ceph/cls-call.h"

#define TRASH	      "rbd_trash"
#define TRASH_AT_ONCE 1024

void trash_entry_deinit(struct trash_entry *t)
{
	free(t->id);
	free(t->name);
	*t = (struct trash_entry){0};
}

#define STATE_VERSION 2 /* of the encoding: since then it has the state */

/* What is encoded of an entry, but its id. */
static int read_trash_entry(struct reader *reader, struct trash_entry *out)
{
	uint8_t version = read_u8(reader);
	struct reader spec;
	uint32_t len;

	read_skip(reader, 1); /* the oldest version that can read it */
	len = read_u32(reader);
	spec = (struct reader){reader->at, len, false};
	read_skip(reader, len);
	if (reader->bad)
		return -EPROTO;
	out->to_remove = read_u8(&spec) == RBD_TRASH_IMAGE_SOURCE_REMOVING;
	out->name = read_string(&spec);
	read_u64(&spec); /* when it came */
	read_u64(&spec); /* until when it is kept */
	out->state = version < STATE_VERSION ? TRASH_NORMAL : (enum trash_state)read_u8(&spec);
	return spec.bad ? -EPROTO : 0;
}

int cls_trash_get(rados_ioctx_t io, const char *id, struct trash_entry *out)
{
	_cleanup_trash_entry_ struct trash_entry entry = {0};
	_cleanup_cls_answer_ struct cls_answer a = {0};
	struct writer in = {0};
	struct reader reader;
	int r;

	*out = (struct trash_entry){0};
	write_string(&in, id);
	r = cls_read(io, TRASH, "rbd", "trash_get", &in, &a);
	if (r < 0)
		return r;
	reader = cls_reader(&a);
	r = read_trash_entry(&reader, &entry);
	entry.id = strdup(id);
	if (!r && !entry.id)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*out = entry;
	entry = (struct trash_entry){0};
	return 0;
}

static void write_time(struct writer *w, time_t when)
{
	write_u32(w, (uint32_t)when);
	write_u32(w, 0); /* ns */
}

int cls_trash_add(rados_ioctx_t io, const char *id, const char *name)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	const uint32_t len =
		1 + sizeof(uint32_t) + (uint32_t)strlen(name) + 4 * sizeof(uint32_t) + 1;
	const time_t now = time(NULL);
	struct writer in = {0};

	write_string(&in, id);
	write_u8(&in, STATE_VERSION);
	write_u8(&in, 1);
	write_u32(&in, len);
	write_u8(&in, RBD_TRASH_IMAGE_SOURCE_REMOVING);
	write_string(&in, name);
	write_time(&in, now);
	write_time(&in, now);
	write_u8(&in, TRASH_MOVING);
	return cls_write(op, io, TRASH, "", "trash_add", &in);
}

int cls_trash_set_state(rados_ioctx_t io, const char *id, enum trash_state from,
			enum trash_state to)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_string(&in, id);
	write_u8(&in, (uint8_t)to);
	write_u8(&in, (uint8_t)from);
	return cls_write(op, io, TRASH, "", "trash_state_set", &in);
}

int cls_trash_forget(rados_ioctx_t io, const char *id)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_string(&in, id);
	return cls_write(op, io, TRASH, "", "trash_remove", &in);
}

/* One image of the trash; *id is the caller's to free. */
static int read_trashed(struct reader *reader, char **id, struct strlist *ids,
			struct strlist *names)
{
	_cleanup_trash_entry_ struct trash_entry entry = {0};
	int r;

	*id = read_string(reader);
	r = read_trash_entry(reader, &entry);
	if (!r && !*id)
		r = -EPROTO;
	if (r < 0 || !entry.to_remove || entry.state == TRASH_RESTORING)
		return r;
	r = strlist_add(ids, "%s", *id);
	return r < 0 ? r : strlist_add(names, "%s", entry.name);
}

int cls_removals(rados_ioctx_t io, struct strlist *ids, struct strlist *names)
{
	_cleanup_free_ char *last = strdup("");
	uint32_t n = TRASH_AT_ONCE;
	int r = last ? 0 : -ENOMEM;

	while (!r && n == TRASH_AT_ONCE) {
		_cleanup_cls_answer_ struct cls_answer a = {0};
		struct writer in = {0};
		struct reader reader;

		write_string(&in, last);
		write_u64(&in, TRASH_AT_ONCE);
		r = cls_read(io, TRASH, "rbd", "trash_list", &in, &a);
		reader = cls_reader(&a);
		n = r < 0 ? 0 : read_u32(&reader);
		for (uint32_t i = 0; !r && i < n; i++) {
			free(last);
			r = read_trashed(&reader, &last, ids, names);
		}
	}
	return r;
}
