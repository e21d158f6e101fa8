/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/clients.h"
#include "rbd/list.h"

#include <errno.h>
#include <string.h>

#include "ceph/address.h"
#include "rbd/errors.h"

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
	for (size_t i = 0; i < len; i += strlen(texts + i) + 1) {
		_cleanup_free_ char *plain = address_plain(texts + i);

		if (plain && strlist_add(out, "%s", plain) < 0)
			return -ENOMEM;
	}
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
	return r < 0 ? image_fail(p, CALL_LOCK, NULL, 0, r, e, "ask who owns the lock of '%s/%s'",
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

/* What cannot be opened (any more) is not this user's to see. */
static bool has_image(struct cluster *c, const struct spec *spec, const struct strlist *addresses)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_watchers_ struct watchers w = {0};
	_cleanup_err_ struct err *ignored = NULL;

	if (ioctx_open(c, spec->pool, spec->ns, &p, &ignored) < 0 ||
	    watchers_get(&p, spec, &w, &ignored) < 0)
		return false;
	for (size_t i = 0; i < w.n; i++)
		if (strlist_has(addresses, w.items[i].address))
			return true;
	return false;
}

int image_clients_elsewhere(struct cluster *c, const struct spec *spec,
			    const struct strlist *addresses, struct deadline end,
			    struct strlist *out, struct err **e)
{
	_cleanup_strlist_ struct strlist names = {0};
	int r = image_list(c, NULL, &names, NULL, e);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		_cleanup_spec_ struct spec other = {0};
		_cleanup_err_ struct err *unnamed = NULL;

		if (spec_parse(names.items[i], "", &other, &unnamed) < 0 ||
		    spec_equal(&other, spec))
			continue;
		if (deadline_passed(end))
			return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "there are too many images");
		if (has_image(c, &other, addresses) && strlist_add(out, "%s", names.items[i]) < 0)
			return err_oom(e);
	}
	return r < 0 ? r : 0;
}
