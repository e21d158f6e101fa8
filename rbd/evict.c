/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/evict.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"

#include <errno.h>
#include <string.h>

#include "ceph/address.h"
#include "ceph/blocklist.h"
#include "ceph/fence.h"
#include "rbd/hold-owner.h"

/* To look which images a client has each image is asked for its watchers. */
#define LOOK_US	  (20 * USEC_PER_SEC)
#define NAMED_MAX 5 /* in a message; of more, the number */

void eviction_deinit(struct eviction *v)
{
	strlist_deinit(&v->clients);
	strlist_deinit(&v->suspects);
}

static int refuse_holder(const struct spec *spec, const struct hold *h, const char *why,
			 struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec), *who = hold_describe(h);

	if (!name || !who)
		return err_oom(e);
	return err_set(e, ERR_HELD, -EBUSY,
		       "the header of volume '%s' says that it is held by %s; %s", name, who, why);
}

static int refuse_own(const struct spec *spec, const struct hold *h, struct err **e)
{
	refuse_holder(spec, h, "but that is a client of this host, which is not blocklisted", e);
	return err_hint(e,
			"another host than that wrote this: look who has the image ('rbd status'), "
			"then remove the attribute rbdvol.hold of its header (docs/holds.md)");
}

static int refuse_unknown(const struct spec *spec, const struct hold *h, struct err **e)
{
	refuse_holder(spec, h,
		      "but that client neither has the image open nor owns its lock, and is not "
		      "blocklisted because of a text",
		      e);
	return err_hint(e, "if it is that host's, first 'ceph osd blocklist add %s'",
			h->client_address);
}

/* 1: it is in force already, or the administrator has said so by hand. */
static int is_blocklisted(struct ioctx *p, const char *address, struct err **e)
{
	_cleanup_strlist_ struct strlist list = {0};
	int r = blocklist_of(p->session, &list, e);

	return r < 0 ? r : blocklist_has(&list, address);
}

int evict_holder(struct ioctx *p, const struct spec *spec, const struct hold *h,
		 const struct hold_claim *claim, const struct image_clients *clients,
		 struct eviction *v, struct err **e)
{
	bool earlier = hold_owner(h, claim->mine) == HOLD_EARLIER_BOOT &&
		       !image_clients_runs(clients, h->client_address);
	bool own = strlist_has(claim->own_clients, h->client_address);
	int r;

	if (!address_is_exact(h->client_address) || (own && earlier))
		return 0;
	if (own)
		return refuse_own(spec, h, e);
	r = image_clients_has(clients, h->client_address) ? 1
							  : is_blocklisted(p, h->client_address, e);
	if (!r && !earlier)
		return refuse_unknown(spec, h, e);
	if (r <= 0)
		return r;
	if (strlist_add(&v->clients, "%s", h->client_address) < 0 ||
	    (h->client_shared && !earlier &&
	     strlist_add(&v->suspects, "%s", h->client_address) < 0))
		return err_oom(e);
	return 0;
}

int evict_watcher(const char *address, struct eviction *v, struct err **e)
{
	return strlist_add(&v->clients, "%s", address) < 0 ||
			       strlist_add(&v->suspects, "%s", address) < 0
		       ? err_oom(e)
		       : 0;
}

static int refuse_shared(const struct spec *spec, const struct eviction *v,
			 const struct strlist *others, int look, struct err **e)
{
	const char *why = "has other volumes, too, whose writes would fail: ";
	_cleanup_free_ char *name = spec_format(spec), *clients = NULL, *list = NULL;

	clients = strlist_join(&v->suspects, ", ", NAMED_MAX);
	list = strlist_join(others, ", ", NAMED_MAX);
	if (!name || !clients || !list)
		return err_oom(e);
	if (!others->n)
		why = look < 0 ? "may have other volumes, too, whose writes would fail: not all "
				 "images could be looked at"
			       : "was shared by volumes mapped with 'rbd map', and is not seen now";
	err_set(e, ERR_HELD, -EBUSY, "the client at %s, which has '%s', %s%s", clients, name, why,
		list);
	return err_hint(e, "detach it on its host, or use --steal-shared if all of them may fail");
}

/* Whether each of the suspects is seen to have this image, and no other. */
static int check_shared(struct cluster *c, const struct spec *spec,
			const struct image_clients *clients, const struct hold_claim *claim,
			const struct eviction *v, struct err **e)
{
	struct deadline end = deadline_earlier(deadline_in(LOOK_US), claim->deadline);
	_cleanup_strlist_ struct strlist others = {0};
	_cleanup_err_ struct err *why = NULL;
	bool runs = true;
	int r;

	if (!v->suspects.n || claim->steal_shared)
		return 0;
	r = image_clients_elsewhere(c, spec, &v->suspects, end, &others, &why);
	for (size_t i = 0; i < v->suspects.n; i++)
		runs = runs && image_clients_runs(clients, v->suspects.items[i]);
	return r >= 0 && !others.n && runs ? 0 : refuse_shared(spec, v, &others, r, e);
}

int evict(struct cluster *c, struct ioctx *p, const struct spec *spec,
	  const struct hold_claim *claim, const struct image_clients *clients,
	  const struct eviction *v, struct err **e)
{
	int r = check_shared(c, spec, clients, claim, v, e);

	return r < 0 || !v->clients.n ? r : fence(p, spec, &v->clients, e);
}
