/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/wire.h"

#include <string.h>

static const uint8_t *take(struct reader *r, size_t bytes)
{
	const uint8_t *at = r->at;

	if (r->bad || bytes > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += bytes;
	r->left -= bytes;
	return at;
}

static uint64_t read_number(struct reader *r, size_t bytes)
{
	const uint8_t *p = take(r, bytes);
	uint64_t v = 0;

	for (size_t i = bytes; p && i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

uint8_t read_u8(struct reader *r)
{
	return (uint8_t)read_number(r, 1);
}

uint32_t read_u32(struct reader *r)
{
	return (uint32_t)read_number(r, 4);
}

uint64_t read_u64(struct reader *r)
{
	return read_number(r, 8);
}

void read_skip(struct reader *r, size_t bytes)
{
	take(r, bytes);
}

char *read_string(struct reader *r)
{
	size_t len = read_u32(r);
	const uint8_t *p = take(r, len);
	char *s;

	if (!p)
		return NULL;
	s = memchr(p, '\0', len) ? NULL : strndup((const char *)p, len);
	if (!s)
		r->bad = true;
	return s;
}

static void write_bytes(struct writer *w, const void *data, size_t len)
{
	if (w->bad || len > sizeof(w->data) - w->len) {
		w->bad = true;
		return;
	}
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

static void write_number(struct writer *w, uint64_t v, size_t bytes)
{
	uint8_t le[8];

	for (size_t i = 0; i < bytes; i++)
		le[i] = (uint8_t)(v >> (8 * i));
	write_bytes(w, le, bytes);
}

void write_u8(struct writer *w, uint8_t v)
{
	write_number(w, v, 1);
}

void write_u32(struct writer *w, uint32_t v)
{
	write_number(w, v, 4);
}

void write_u64(struct writer *w, uint64_t v)
{
	write_number(w, v, 8);
}

void write_string(struct writer *w, const char *s)
{
	size_t len = strlen(s);

	write_u32(w, (uint32_t)len);
	write_bytes(w, s, len);
}
