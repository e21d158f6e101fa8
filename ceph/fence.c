/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client is blocklisted by an entry in the OSDs' map. That a new map exists is not enough: an OSD
 * that has not seen it yet goes on taking writes. So each placement group of the image's pools is
 * asked something that carries the new map's number, which no group answers before it has it. */
#include "ceph/fence.h"
#include "base/json.h"
#include "ceph/monitors.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "ceph/address.h"
#include "ceph/blocklist.h"
#include "ceph/close.h"
#include "ceph/compat.h"
#include "ceph/open.h"

/* The entry must outlive a client that sleeps (a virtual machine that is paused), and no client of
 * another mapping ever has the same address and nonce. */
#define BLOCKLIST_SECONDS (365 * 24 * 3600)

static int groups_of(struct ioctx *p, const char *pool, uint64_t *out)
{
	_cleanup_json_ json_t *answer = NULL, *command = NULL;
	_cleanup_free_ char *text = NULL;
	int r;

	command = json_pack("{s:s, s:s, s:s, s:s}", "prefix", "osd pool get", "pool", pool, "var",
			    "pg_num", "format", "json");
	text = command ? json_dumps(command, JSON_COMPACT) : NULL;
	if (!text)
		return -ENOMEM;
	r = session_ask(p->session, text, &answer);
	if (r < 0)
		return r;
	*out = (uint64_t)json_integer_value(json_object_get(answer, "pg_num"));
	return *out && *out <= 1 << 20 ? 0 : -EPROTO;
}

/* Ask for one object name out of slice M of N of the pool's hashes. */
static int ask_slice(rados_ioctx_t io, rados_object_list_cursor all[2], size_t m, size_t n)
{
	rados_object_list_cursor part[2] = {rados_object_list_begin(io), rados_object_list_end(io)};
	rados_object_list_cursor next = rados_object_list_begin(io);
	rados_object_list_item item = {0};
	int r;

	rados_object_list_slice(io, all[0], all[1], m, n, &part[0], &part[1]);
	r = rados_object_list(io, part[0], part[1], 1, NULL, 0, &item, &next);
	if (r > 0)
		rados_object_list_free((size_t)r, &item);
	rados_object_list_cursor_free(io, part[0]);
	rados_object_list_cursor_free(io, part[1]);
	rados_object_list_cursor_free(io, next);
	return r < 0 ? r : 0;
}

/* Every placement group of the pool has the map that this connection has. With as many slices as
 * the next power of two, each group has at least one that begins in it. */
static int reach_groups(struct ioctx *p)
{
	_cleanup_free_ char *pool = malloc(1024);
	rados_object_list_cursor all[2];
	uint64_t groups = 0, slices = 1;
	int r = pool ? rados_ioctx_get_pool_name(p->io, pool, 1024) : -ENOMEM;

	if (r < 0)
		return r;
	r = groups_of(p, pool, &groups);
	if (r < 0)
		return r;
	while (slices < groups)
		slices *= 2;
	all[0] = rados_object_list_begin(p->io);
	all[1] = rados_object_list_end(p->io);
	for (uint64_t i = 0; r >= 0 && i < slices; i++)
		r = ask_slice(p->io, all, i, slices);
	rados_object_list_cursor_free(p->io, all[0]);
	rados_object_list_cursor_free(p->io, all[1]);
	return r < 0 ? r : 0;
}

/* The pool of the image's data, where it is not P's. */
static int reach_data_pool(struct ioctx *p, const struct spec *spec)
{
	_cleanup_ioctx_ struct ioctx data = {0};
	_cleanup_image_ rbd_image_t image = NULL;
	int64_t id;
	int r = image_open_at(p, spec->image, NULL, IMAGE_READ, &image);

	if (r < 0)
		return r;
	id = rbd_get_data_pool_id(image);
	if (id < 0 || id == p->pool_id)
		return id < 0 ? (int)id : 0;
	r = ioctx_open_id(p->session, id, spec->ns, &data);
	return r < 0 ? r : reach_groups(&data);
}

int fence(struct ioctx *p, const struct spec *spec, const struct strlist *addresses, struct err **e)
{
	int r = 0;

	for (size_t i = 0; !r && i < addresses->n; i++) {
		if (!address_is_exact(addresses->items[i]))
			return err_set(
				e, ERR_FAILED, -EINVAL,
				"'%s' is not the address of one client: no client is blocklisted",
				addresses->items[i]);
		r = compat_blocklist(p->session->rados, addresses->items[i], BLOCKLIST_SECONDS);
		if (r < 0)
			return ioctx_fail(p, r, e, "shut the client at %s out",
					  addresses->items[i]);
	}
	r = session_latest_osdmap(p->session);
	if (!r)
		r = reach_groups(p);
	if (!r)
		r = reach_data_pool(p, spec);
	return r < 0 ? ioctx_fail(p, r, e,
				  "make sure that every OSD knows the clients that are blocklisted")
		     : 0;
}
