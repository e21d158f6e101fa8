/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/cls.h"

#include <errno.h>
#include <rbd/librbd.h>
#include <string.h>

#include "ceph/cls-call.h"

#define DIRECTORY     "rbd_directory"
#define NAME_OBJECT   "rbd_id."
#define HEADER_OBJECT "rbd_header."
#define MAP_OBJECT    "rbd_object_map."
#define NOTES_AT_ONCE 64
#define MANAGED_LOCK  "rbd_lock" /* librbd's and the kernel's, of the feature exclusive-lock */

/* A call of class rbd that answers with one string. */
static int read_name(rados_ioctx_t io, const char *object, const char *method,
		     const struct writer *in, char **out)
{
	_cleanup_cls_answer_ struct cls_answer a = {0};
	int r = cls_read(io, object, "rbd", method, in, &a);
	struct reader reader = cls_reader(&a);

	if (r < 0)
		return r;
	*out = read_string(&reader);
	return *out ? 0 : -EPROTO;
}

int cls_image_id(rados_ioctx_t io, const char *name, char **out)
{
	_cleanup_free_ char *object = cls_object(NAME_OBJECT, name);

	return object ? read_name(io, object, "get_id", NULL, out) : -ENOMEM;
}

int cls_directory_name(rados_ioctx_t io, const char *id, char **out)
{
	struct writer in = {0};

	write_string(&in, id);
	return read_name(io, DIRECTORY, "dir_get_name", &in, out);
}

int cls_directory_id(rados_ioctx_t io, const char *name, char **out)
{
	struct writer in = {0};

	write_string(&in, name);
	return read_name(io, DIRECTORY, "dir_get_id", &in, out);
}

int cls_directory_rename(rados_ioctx_t io, const char *from, const char *to, const char *id)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_string(&in, from);
	write_string(&in, to);
	write_string(&in, id);
	return cls_write(op, io, DIRECTORY, "", "dir_rename_image", &in);
}

/* A method of the directory that takes a name and an id. */
static int change_directory(rados_ioctx_t io, const char *method, const char *name, const char *id)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_string(&in, name);
	write_string(&in, id);
	return cls_write(op, io, DIRECTORY, "", method, &in);
}

int cls_directory_add(rados_ioctx_t io, const char *name, const char *id)
{
	return change_directory(io, "dir_add_image", name, id);
}

int cls_directory_remove(rados_ioctx_t io, const char *name, const char *id)
{
	return change_directory(io, "dir_remove_image", name, id);
}

int cls_name_create(rados_ioctx_t io, const char *name, const char *id)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_string(&in, id);
	rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	return cls_write(op, io, NAME_OBJECT, name, "set_id", &in);
}

/* librados tells a difference as -MAX_ERRNO and less. */
#define MAX_ERRNO 4095

int cls_name_remove_of(rados_ioctx_t io, const char *name, const char *id)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	_cleanup_free_ char *object = cls_object(NAME_OBJECT, name);
	struct writer is = {0};
	int result = 0, r;

	if (!object)
		return -ENOMEM;
	write_string(&is, id);
	if (is.bad)
		return -ENAMETOOLONG;
	rados_write_op_assert_exists(op);
	rados_write_op_cmpext(op, (const char *)is.data, is.len, 0, &result);
	rados_write_op_remove(op);
	r = rados_write_op_operate2(op, io, object, NULL, 0);
	return r <= -MAX_ERRNO ? -ESTALE : r;
}

int cls_name_switch(rados_ioctx_t io, const char *name, const char *old_id, const char *new_id)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	_cleanup_free_ char *object = cls_object(NAME_OBJECT, name);
	struct writer is = {0}, will_be = {0};
	int result = 0, r;

	if (!object)
		return -ENOMEM;
	write_string(&is, old_id);
	write_string(&will_be, new_id);
	if (is.bad || will_be.bad)
		return -ENAMETOOLONG;
	rados_write_op_cmpext(op, (const char *)is.data, is.len, 0, &result);
	rados_write_op_write_full(op, (const char *)will_be.data, will_be.len);
	r = rados_write_op_operate2(op, io, object, NULL, 0);
	return r <= -MAX_ERRNO ? -ESTALE : r;
}

/* An entry of the directory: a key of two words, and a string. */
struct entry {
	char *key;
	struct writer value;
};

static void entry_deinit(struct entry *e)
{
	free(e->key);
}
#define _cleanup_entry_ cleanup(entry_deinit)

static int entry_init(struct entry *e, const char *kind, const char *what, const char *value)
{
	e->key = cls_object(kind, what);
	write_string(&e->value, value);
	if (!e->key)
		return -ENOMEM;
	return e->value.bad ? -ENAMETOOLONG : 0;
}

static void entry_require(rados_write_op_t op, const struct entry *e)
{
	rados_write_op_omap_cmp2(op, e->key, LIBRADOS_CMPXATTR_OP_EQ, (const char *)e->value.data,
				 strlen(e->key), e->value.len, NULL);
}

static void entry_set(rados_write_op_t op, const struct entry *e)
{
	const char *const key = e->key, *const value = (const char *)e->value.data;
	const size_t key_len = strlen(key);

	rados_write_op_omap_set2(op, &key, &value, &key_len, &e->value.len, 1);
}

static void entry_remove(rados_write_op_t op, const struct entry *e)
{
	const char *const key = e->key;
	const size_t key_len = strlen(key);

	rados_write_op_omap_rm_keys2(op, &key, &key_len, 1);
}

/* List image ID under NAME. */
static int list_as(rados_write_op_t op, const char *name, const char *id)
{
	_cleanup_entry_ struct entry by_name = {0}, by_id = {0};
	int r = entry_init(&by_name, "name_", name, id);

	if (!r)
		r = entry_init(&by_id, "id_", id, name);
	if (r < 0)
		return r;
	entry_set(op, &by_name);
	entry_set(op, &by_id);
	return 0;
}

int cls_directory_replace(rados_ioctx_t io, const char *name, const char *old_id,
			  const char *outgoing, const char *hidden, const char *new_id)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	_cleanup_entry_ struct entry was = {0}, is_hidden = {0};
	int r = entry_init(&was, "name_", name, old_id);

	if (!r)
		r = entry_init(&is_hidden, "name_", hidden, new_id);
	if (r < 0)
		return r;
	entry_require(op, &was);
	entry_require(op, &is_hidden);
	entry_remove(op, &is_hidden);
	r = list_as(op, name, new_id);
	if (!r)
		r = list_as(op, outgoing, old_id);
	if (r < 0)
		return r;
	r = rados_write_op_operate2(op, io, DIRECTORY, NULL, 0);
	return r == -ECANCELED ? -ESTALE : r;
}

int cls_notes(rados_ioctx_t io, const char *id, const struct note *notes, uint32_t n)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_u32(&in, n);
	for (uint32_t i = 0; i < n; i++) {
		write_string(&in, notes[i].key);
		write_string(&in, notes[i].value);
	}
	rados_write_op_assert_exists(op);
	return cls_write(op, io, HEADER_OBJECT, id, "metadata_set", &in);
}

int cls_note(rados_ioctx_t io, const char *id, const char *key, const char *value)
{
	const struct note note = {key, value};

	return cls_notes(io, id, &note, 1);
}

int cls_note_remove(rados_ioctx_t io, const char *id, const char *key)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_string(&in, key);
	rados_write_op_assert_exists(op);
	return cls_write(op, io, HEADER_OBJECT, id, "metadata_remove", &in);
}

int cls_note_keys(rados_ioctx_t io, const char *id, const char *start, struct strlist *out)
{
	_cleanup_free_ char *object = cls_object(HEADER_OBJECT, id);
	_cleanup_cls_answer_ struct cls_answer a = {0};
	struct writer in = {0};
	struct reader reader;
	int r;

	if (!object)
		return -ENOMEM;
	write_string(&in, start);
	write_u64(&in, NOTES_AT_ONCE);
	r = cls_read(io, object, "rbd", "metadata_list", &in, &a);
	reader = cls_reader(&a);
	for (uint32_t n = r < 0 ? 0 : read_u32(&reader); !r && n; n--) {
		_cleanup_free_ char *key = read_string(&reader);

		read_skip(&reader, read_u32(&reader)); /* the value */
		r = reader.bad ? -EPROTO : strlist_add(out, "%s", key);
	}
	return r;
}

int cls_parent(rados_ioctx_t io, const char *id, int64_t *pool_id, char **image_id,
	       uint64_t *snap_id)
{
	_cleanup_free_ char *object = cls_object(HEADER_OBJECT, id), *ns = NULL;
	_cleanup_cls_answer_ struct cls_answer a = {0};
	int r = object ? cls_read(io, object, "rbd", "parent_get", NULL, &a) : -ENOMEM;
	struct reader reader = cls_reader(&a);

	if (r < 0)
		return r;
	read_skip(&reader, 6); /* versions of the encoding, and its length */
	*pool_id = (int64_t)read_u64(&reader);
	ns = read_string(&reader);
	*image_id = read_string(&reader);
	*snap_id = read_u64(&reader);
	if (!reader.bad && ns && *image_id)
		return *pool_id < 0 ? -ENOENT : 0;
	return -EPROTO;
}

void lineage_deinit(struct lineage *l)
{
	free(l->snap_name);
	free(l->ns);
	free(l->image_id);
	*l = (struct lineage){0};
}

/* What the calls of cls_lineage answer. */
struct lineage_answers {
	struct cls_answer context, name, parent, overlap;
};

static void lineage_answers_deinit(struct lineage_answers *a)
{
	cls_answer_deinit(&a->context);
	cls_answer_deinit(&a->name);
	cls_answer_deinit(&a->parent);
	cls_answer_deinit(&a->overlap);
}

static int read_lineage(const struct lineage_answers *a, struct lineage *out)
{
	struct reader context = cls_reader(&a->context), name = cls_reader(&a->name);
	struct reader parent = cls_reader(&a->parent), overlap = cls_reader(&a->overlap);

	read_u64(&context); /* the highest id so far */
	out->snapshots = read_u32(&context);
	out->snap_name = name.left ? read_string(&name) : NULL;
	read_skip(&parent, 6); /* versions of the encoding, and its length */
	out->pool_id = (int64_t)read_u64(&parent);
	out->ns = read_string(&parent);
	out->image_id = read_string(&parent);
	out->snap_id = read_u64(&parent);
	out->has_parent = out->pool_id >= 0 && read_u8(&overlap);
	return context.bad || name.bad || parent.bad || overlap.bad ? -EPROTO : 0;
}

int cls_lineage(rados_ioctx_t io, const char *id, uint64_t snap_id, struct lineage *out)
{
	_cleanup_read_op_ rados_read_op_t op = rados_create_read_op();
	_cleanup_free_ char *object = cls_object(HEADER_OBJECT, id);
	cleanup(lineage_answers_deinit) struct lineage_answers a = {0};
	struct writer snap = {0};
	int r;

	*out = (struct lineage){0};
	if (!object)
		return -ENOMEM;
	write_u64(&snap, snap_id);
	cls_add(op, "rbd", "get_snapcontext", NULL, &a.context);
	cls_add(op, "rbd", "parent_get", NULL, &a.parent);
	cls_add(op, "rbd", "parent_overlap_get", &snap, &a.overlap);
	if (snap_id != LIBRADOS_SNAP_HEAD)
		cls_add(op, "rbd", "get_snapshot_name", &snap, &a.name);
	r = rados_read_op_operate(op, io, object, 0);
	if (!r)
		r = read_lineage(&a, out);
	if (r < 0)
		lineage_deinit(out);
	return r;
}

/* How large an image, or a snapshot of it, is, what is known of its maps, and how much of it is
 * read from the parent where it has no objects of its own. */
struct extent {
	struct cls_answer size, flags, overlap;
};

static void extent_deinit(struct extent *x)
{
	cls_answer_deinit(&x->size);
	cls_answer_deinit(&x->flags);
	cls_answer_deinit(&x->overlap);
}
#define _cleanup_extent_ cleanup(extent_deinit)

static void add_extent(rados_read_op_t op, uint64_t snap_id, struct extent *x)
{
	struct writer in = {0};

	write_u64(&in, snap_id);
	cls_add(op, "rbd", "get_size", &in, &x->size);
	cls_add(op, "rbd", "get_flags", &in, &x->flags);
	cls_add(op, "rbd", "parent_overlap_get", &in, &x->overlap);
}

static int read_extent(const struct extent *x, struct snapshot_state *out)
{
	struct reader size = cls_reader(&x->size), flags = cls_reader(&x->flags);
	struct reader overlap = cls_reader(&x->overlap);

	read_u8(&size); /* object order */
	out->size_bytes = read_u64(&size);
	out->flags = read_u64(&flags);
	out->overlap_bytes = read_u8(&overlap) ? read_u64(&overlap) : 0; /* none: no parent */
	return size.bad || flags.bad || overlap.bad ? -EPROTO : 0;
}

int cls_snapshot_state(rados_ioctx_t io, const char *id, uint64_t snap_id,
		       struct snapshot_state *out)
{
	_cleanup_free_ char *object = cls_object(HEADER_OBJECT, id);
	_cleanup_read_op_ rados_read_op_t op = rados_create_read_op();
	_cleanup_extent_ struct extent x = {0};
	int r;

	if (!object)
		return -ENOMEM;
	add_extent(op, snap_id, &x);
	r = rados_read_op_operate(op, io, object, 0);
	return r < 0 ? r : read_extent(&x, out);
}

/* The three questions of a proof, under way at the same time. */
struct questions {
	rados_read_op_t header_op, map_op;
	rados_completion_t name, header, map;
	struct cls_answer context, features, lock, map_lock;
	struct extent extent;
	char id[256];
};

static void questions_deinit(struct questions *q)
{
	rados_completion_t all[] = {q->name, q->header, q->map};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!all[i])
			continue;
		rados_aio_wait_for_complete(all[i]);
		rados_aio_release(all[i]);
	}
	if (q->header_op)
		rados_release_read_op(q->header_op);
	if (q->map_op)
		rados_release_read_op(q->map_op);
	cls_answer_deinit(&q->context);
	cls_answer_deinit(&q->features);
	cls_answer_deinit(&q->lock);
	cls_answer_deinit(&q->map_lock);
	extent_deinit(&q->extent);
}
#define _cleanup_questions_ cleanup(questions_deinit)

/* A completion in *slot only once the operation is under way: only such a one may be waited for. */
static int started(rados_completion_t c, int r, rados_completion_t *slot)
{
	if (r < 0)
		rados_aio_release(c);
	else
		*slot = c;
	return r;
}

static int ask_name(struct questions *q, rados_ioctx_t io, const char *name)
{
	_cleanup_free_ char *object = cls_object(NAME_OBJECT, name);
	rados_completion_t c;

	if (!object || rados_aio_create_completion2(NULL, NULL, &c) < 0)
		return -ENOMEM;
	return started(
		c, rados_aio_exec(io, object, c, "rbd", "get_id", NULL, 0, q->id, sizeof(q->id)),
		&q->name);
}

/* Class lock wants its versions of the encoding, and its length, in front. */
static void add_lock(rados_read_op_t op, struct cls_answer *a)
{
	struct writer in = {0};

	write_u8(&in, 1);
	write_u8(&in, 1);
	write_u32(&in, sizeof(uint32_t) + strlen(MANAGED_LOCK));
	write_string(&in, MANAGED_LOCK);
	cls_add(op, "lock", "get_info", &in, a);
}

static bool read_locked(struct reader *r)
{
	read_skip(r, 2 + sizeof(uint32_t)); /* versions of the encoding, and its length */
	return read_u32(r) > 0;		    /* how many have it */
}

static int ask_header(struct questions *q, rados_ioctx_t io, const char *id)
{
	_cleanup_free_ char *object = cls_object(HEADER_OBJECT, id);
	struct writer head = {0};
	rados_completion_t c;

	if (!object || rados_aio_create_completion2(NULL, NULL, &c) < 0)
		return -ENOMEM;
	write_u64(&head, LIBRADOS_SNAP_HEAD);
	q->header_op = rados_create_read_op();
	cls_add(q->header_op, "rbd", "get_snapcontext", NULL, &q->context);
	cls_add(q->header_op, "rbd", "get_features", &head, &q->features);
	add_lock(q->header_op, &q->lock);
	add_extent(q->header_op, LIBRADOS_SNAP_HEAD, &q->extent);
	return started(c, rados_aio_read_op_operate(q->header_op, io, c, object, 0), &q->header);
}

static int ask_map(struct questions *q, rados_ioctx_t io, const char *id)
{
	_cleanup_free_ char *object = cls_object(MAP_OBJECT, id);
	rados_completion_t c;

	if (!object || rados_aio_create_completion2(NULL, NULL, &c) < 0)
		return -ENOMEM;
	q->map_op = rados_create_read_op();
	add_lock(q->map_op, &q->map_lock);
	return started(c, rados_aio_read_op_operate(q->map_op, io, c, object, 0), &q->map);
}

static int answer_wait(rados_completion_t c)
{
	rados_aio_wait_for_complete(c);
	return rados_aio_get_return_value(c);
}

static int answer_proof(struct questions *q, struct image_version *out)
{
	struct reader context = cls_reader(&q->context), features = cls_reader(&q->features);
	struct reader lock = cls_reader(&q->lock), map_lock = cls_reader(&q->map_lock);

	out->snap_sequence = read_u64(&context); /* then the snapshots, newest first */
	out->newest_snap = read_u32(&context) ? read_u64(&context) : 0;
	out->features = read_u64(&features);
	out->locked = read_locked(&lock) || (out->map_version && read_locked(&map_lock));
	return context.bad || features.bad || lock.bad || map_lock.bad
		       ? -EPROTO
		       : read_extent(&q->extent, &out->head);
}

/* Whether the answer to ask_name is ID. */
static int ask_for_name(struct questions *q, const char *id)
{
	int r = answer_wait(q->name);
	struct reader reader = {(const uint8_t *)q->id, sizeof(q->id), false};
	_cleanup_free_ char *now = NULL;

	if (r < 0)
		return r;
	now = read_string(&reader);
	if (!now)
		return -EPROTO;
	return strcmp(now, id) ? -ESTALE : 0;
}

int cls_image_version(rados_ioctx_t io, const char *name, const char *id, struct image_version *out)
{
	_cleanup_questions_ struct questions q = {0};
	int r = ask_name(&q, io, name);

	if (!r)
		r = ask_header(&q, io, id);
	if (!r)
		r = ask_map(&q, io, id);
	if (r < 0)
		return r;
	r = ask_for_name(&q, id);
	if (r < 0)
		return r;
	r = answer_wait(q.header);
	if (r < 0)
		return r;
	r = answer_wait(q.map);
	if (r < 0 && r != -ENOENT)
		return r;
	out->map_version = r < 0 ? 0 : rados_aio_get_version(q.map);
	return answer_proof(&q, out);
}

int cls_flags_set(rados_ioctx_t io, const char *id, uint64_t snap_id, uint64_t flags)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	struct writer in = {0};

	write_u64(&in, flags);
	write_u64(&in, flags); /* those that are meant */
	write_u64(&in, snap_id);
	rados_write_op_assert_exists(op);
	return cls_write(op, io, HEADER_OBJECT, id, "set_flags", &in);
}

int cls_map_touch(rados_ioctx_t io, const char *id, uint64_t *version)
{
	_cleanup_free_ char *object = cls_object(MAP_OBJECT, id);
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	int r;

	if (!object)
		return -ENOMEM;
	rados_write_op_assert_exists(op);
	rados_write_op_set_alloc_hint2(op, 0, 0, 0); /* what it is without any */
	r = rados_write_op_operate2(op, io, object, NULL, 0);
	if (!r)
		*version = rados_get_last_version(io);
	return r;
}

#define HEADER_KEYS_MAX 1024

static void end_omap_p(rados_omap_iter_t *i)
{
	if (*i)
		rados_omap_get_end(*i);
}

/* Add 'set all of VALUES' to a write operation; the library copies them. */
static int add_omap(rados_write_op_t op, rados_omap_iter_t values)
{
	for (;;) {
		char *key = NULL, *value = NULL;
		size_t key_len = 0, len = 0;
		int r = rados_omap_get_next2(values, &key, &value, &key_len, &len);

		if (r < 0 || !key)
			return r;
		rados_write_op_omap_set2(op, (const char *const *)&key, (const char *const *)&value,
					 &key_len, &len, 1);
	}
}

int cls_header_renew(rados_ioctx_t io, const char *id)
{
	_cleanup_free_ char *object = cls_object(HEADER_OBJECT, id);
	_cleanup_read_op_ rados_read_op_t get = rados_create_read_op();
	_cleanup_write_op_ rados_write_op_t put = rados_create_write_op();
	cleanup(end_omap_p) rados_omap_iter_t values = NULL;
	unsigned char more = 0;
	int result = 0, r;

	if (!object)
		return -ENOMEM;
	rados_read_op_omap_get_vals2(get, "", "", HEADER_KEYS_MAX, &values, &more, &result);
	r = rados_read_op_operate(get, io, object, 0);
	if (r < 0 || result < 0)
		return r < 0 ? r : result;
	if (more)
		return -E2BIG;
	rados_write_op_assert_version(put, rados_get_last_version(io));
	rados_write_op_remove(put);
	rados_write_op_create(put, LIBRADOS_CREATE_IDEMPOTENT, NULL);
	r = add_omap(put, values);
	return r < 0 ? r : rados_write_op_operate2(put, io, object, NULL, 0);
}

bool image_version_same_shape(const struct image_version *a, const struct image_version *b)
{
	return a->newest_snap == b->newest_snap && a->snap_sequence == b->snap_sequence &&
	       a->head.size_bytes == b->head.size_bytes && a->head.flags == b->head.flags &&
	       a->head.overlap_bytes == b->head.overlap_bytes && a->features == b->features;
}
