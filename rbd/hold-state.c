/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/hold-state.h"
#include "base/json.h"
#include "base/str.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "ceph/cls.h"
#include "rbd/errors.h"

#define ATTRIBUTE   "rbdvol.hold"
#define BYTES_USUAL (16 * 1024)
#define BYTES_MAX   (8 * 1024 * 1024)
#define HOLDS_MAX   256

DEFINE_CLEANUP(rados_write_op_t, rados_release_write_op)
#define _cleanup_write_op_ cleanup(rados_release_write_op_p)

void hold_deinit(struct hold *h)
{
	free(h->host);
	free(h->host_name);
	free(h->boot_id);
	free(h->client_address);
	*h = (struct hold){0};
}

void hold_text(char *text)
{
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void hold_state_deinit(struct hold_state *s)
{
	for (size_t i = 0; i < s->n; i++)
		hold_deinit(&s->items[i]);
	free(s->items);
	free(s->bytes);
	*s = (struct hold_state){0};
}

int hold_object_of(const char *image_id, char **out, struct err **e)
{
	return str_printf(out, "rbd_header.%s", image_id) < 0 ? err_oom(e) : 0;
}

int hold_object(struct ioctx *p, const struct spec *spec, char **out, struct err **e)
{
	_cleanup_free_ char *id = NULL, *name = spec_format(spec);
	int r = cls_image_id(p->io, spec->image, &id);
	uint64_t size;
	time_t when;

	if (!r)
		return hold_object_of(id, out, e);
	if (r != -ENOENT)
		return image_fail(p, CALL_LOOK, spec->image, 0, r, e, "look for image '%s'", name);
	if (str_printf(out, "%s.rbd", spec->image) < 0) /* of format 1? */
		return err_oom(e);
	if (!rados_stat(p->io, *out, &size, &when))
		return 0;
	free(*out);
	*out = NULL;
	return ioctx_missing(p, spec, e);
}

#define TEXT_MAX 256

/* A text out of JSON that somebody else may have written: short, and of characters that do nothing
 * to a terminal or a log, whatever it takes for one byte. */
static char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	char *copy = strndup(s ? s : "", TEXT_MAX);

	if (copy)
		hold_text(copy);
	return copy;
}

/* O may be of any type: then all is empty. */
static int hold_parse(const json_t *o, struct hold *out)
{
	*out = (struct hold){
		.host = text_of(o, "host"),
		.host_name = text_of(o, "host_name"),
		.boot_id = text_of(o, "boot_id"),
		.client_address = text_of(o, "client_address"),
		.since = (time_t)json_integer_value(json_object_get(o, "since")),
		.shared = json_is_true(json_object_get(o, "shared")),
		.client_shared = json_is_true(json_object_get(o, "client_shared")),
	};
	return out->host && out->host_name && out->boot_id && out->client_address ? 0 : -ENOMEM;
}

int hold_state_parse(char *bytes, size_t len, struct hold_state *out)
{
	_cleanup_json_ json_t *array = json_loadb(bytes, len, 0, NULL);
	size_t n = json_array_size(array);

	*out = (struct hold_state){.bytes = bytes, .len = len};
	if (json_is_array(array) && !n)
		return 0;
	if (!n || n > HOLDS_MAX)
		n = 1;
	out->items = calloc(n, sizeof(*out->items));
	for (size_t i = 0; out->items && i < n; i++) {
		int r = hold_parse(json_array_get(array, i), &out->items[i]);

		out->n = i + 1;
		if (r < 0)
			break;
		if (out->n == n)
			return 0;
	}
	hold_state_deinit(out);
	return -ENOMEM;
}

int hold_state_read(rados_ioctx_t io, const char *object, struct hold_state *out)
{
	*out = (struct hold_state){0};
	for (size_t room = BYTES_USUAL; room <= BYTES_MAX; room *= 8) {
		_cleanup_free_ char *bytes = malloc(room);
		int r = bytes ? rados_getxattr(io, object, ATTRIBUTE, bytes, room) : -ENOMEM;

		if (r > 0)
			return hold_state_parse(steal(&bytes), (size_t)r, out);
		if (r != -ERANGE)
			return r == -ENODATA ? 0 : r;
	}
	return -E2BIG;
}

static json_t *hold_json(const struct hold *h)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:b, s:b}", "host", h->host, "host_name",
			 h->host_name ? h->host_name : "", "boot_id", h->boot_id ? h->boot_id : "",
			 "client_address", h->client_address ? h->client_address : "", "since",
			 (json_int_t)h->since, "shared", (int)h->shared, "client_shared",
			 (int)h->client_shared);
}

char *hold_state_format(const struct hold *const items[], size_t n)
{
	_cleanup_json_ json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(array, hold_json(items[i])) < 0)
			return NULL;
	return json_dumps(array, JSON_COMPACT);
}

int hold_state_replace(rados_ioctx_t io, const char *object, const struct hold_state *read,
		       const struct hold *const items[], size_t n)
{
	_cleanup_write_op_ rados_write_op_t op = rados_create_write_op();
	_cleanup_free_ char *text = n ? hold_state_format(items, n) : NULL;
	int r;

	if (n && !text)
		return -ENOMEM;
	if (!n && !read->bytes)
		return 0;
	if (text && strlen(text) >= BYTES_MAX)
		return -E2BIG;
	rados_write_op_assert_exists(op);
	rados_write_op_cmpxattr(op, ATTRIBUTE, LIBRADOS_CMPXATTR_OP_EQ,
				read->bytes ? read->bytes : "", read->len);
	if (text)
		rados_write_op_setxattr(op, ATTRIBUTE, text, strlen(text));
	else
		rados_write_op_rmxattr(op, ATTRIBUTE);
	r = rados_write_op_operate2(op, io, object, NULL, 0);
	return r == -ECANCELED ? 1 : r;
}

static const char *host_of(const struct hold *h)
{
	if (*h->host_name)
		return h->host_name;
	return *h->host ? h->host : "(unreadable)";
}

char *hold_describe(const struct hold *h)
{
	char since[64] = "an unknown time", *out;
	struct tm tm;

	if (h->since > 0 && localtime_r(&h->since, &tm))
		strftime(since, sizeof(since), "%F %T %z", &tm);
	return str_printf(&out, "host %s (%s%s) since %s", host_of(h),
			  *h->client_address ? h->client_address : "not mapped yet",
			  h->shared ? ", shared" : "", since) < 0
		       ? NULL
		       : out;
}
