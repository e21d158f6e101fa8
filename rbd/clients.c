/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/clients.h"

#include <errno.h>
#include <string.h>

#define LOCK	  "rbd_lock"
#define BYTES_MAX (64 * 1024)
#define TAG_MAX	  1024

void image_clients_deinit(struct image_clients *c)
{
	watchers_deinit(&c->watchers);
	strlist_deinit(&c->owners);
}

/* Several times a string and its NUL. */
static int add_all(const char *texts, size_t len, struct strlist *out)
{
	for (size_t i = 0; i < len; i += strlen(texts + i) + 1)
		if (strlist_add(out, "%s", texts + i) < 0)
			return -ENOMEM;
	return 0;
}

static int list_owners(rados_ioctx_t io, const char *object, struct strlist *out)
{
	size_t tag_len = TAG_MAX, clients_len = BYTES_MAX, cookies_len = BYTES_MAX;
	size_t addresses_len = BYTES_MAX;
	_cleanup_free_ char *all = calloc(1, TAG_MAX + 3 * BYTES_MAX + 1);
	char *clients = all + TAG_MAX, *cookies = clients + BYTES_MAX;
	char *addresses = cookies + BYTES_MAX;
	int exclusive;
	ssize_t n;

	if (!all)
		return -ENOMEM;
	n = rados_list_lockers(io, object, LOCK, &exclusive, all, &tag_len, clients, &clients_len,
			       cookies, &cookies_len, addresses, &addresses_len);
	if (n == -ENOENT || n == -ERANGE) /* more than we read prove nothing */
		return 0;
	return n <= 0 ? (int)n : add_all(addresses, addresses_len, out);
}

int image_clients_get(struct ioctx *p, const struct spec *spec, const char *object,
		      struct image_clients *out, struct err **e)
{
	int r = watchers_get(p, spec, &out->watchers, e);

	if (r < 0)
		return r;
	r = list_owners(p->io, object, &out->owners);
	return r < 0 ? session_fail(p->session, r, e, "ask who owns the lock of '%s/%s'",
				    spec->pool, spec->image)
		     : 0;
}

bool image_clients_runs(const struct image_clients *c, const char *address)
{
	for (size_t i = 0; *address && i < c->watchers.n; i++)
		if (!strcmp(c->watchers.items[i].address, address))
			return true;
	return false;
}

bool image_clients_has(const struct image_clients *c, const char *address)
{
	return *address && (image_clients_runs(c, address) || strlist_has(&c->owners, address));
}
