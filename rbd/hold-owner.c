/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/hold-owner.h"
#include "rbd/hold-state.h"

#include <string.h>
#include <strings.h>

static bool same_text(const char *a, const char *b)
{
	return a && b && *a && !strcmp(a, b);
}

/* A host may be called "web1" in one boot and "web1.example.com" in the next, depending on who sets
 * the name. Two domains must be equal. */
static bool same_name(const char *a, const char *b)
{
	size_t n = a && b ? strcspn(a, ".") : 0;

	if (!n || strcspn(b, ".") != n || strncasecmp(a, b, n))
		return false;
	return !a[n] || !b[n] || !strcasecmp(a + n, b + n);
}

enum hold_owner hold_owner(const struct hold *h, const struct hold *mine)
{
	bool boot = same_text(h->boot_id, mine->boot_id);
	bool device = same_text(h->client_address, mine->client_address);

	if (!same_text(h->host, mine->host))
		return boot && device ? HOLD_THIS_BOOT : HOLD_OTHER_HOST;
	if (boot || device)
		return HOLD_THIS_BOOT;
	return same_name(h->host_name, mine->host_name) ? HOLD_EARLIER_BOOT : HOLD_TWIN;
}

int hold_owner_hint(const struct hold *h, const struct hold *mine, struct err **e)
{
	switch (hold_owner(h, mine)) {
	case HOLD_EARLIER_BOOT:
		return err_hint(e,
				"machine id and name in the hold are this host's own, but its "
				"client still runs: either another host is a copy of this one, or "
				"this host was restarted less than 30 s ago; then try again");
	case HOLD_TWIN:
		return err_hint(e,
				"the machine id in the hold is this host's own: if this host had "
				"the name %s before, --steal takes the volume back; if that is "
				"another host, a copy of this one, give one of them a machine id "
				"of its own",
				*h->host_name ? h->host_name : "in the hold");
	default:
		break;
	}
	if (same_name(h->host_name, mine->host_name))
		return err_hint(e,
				"the name in the hold is this host's own, but its machine id is "
				"not: if this host has another machine id after each boot, give "
				"it a lasting one (machine-id(5)); --steal takes the volume back");
	return err_hint(e, "detach it there%s; if that host is dead, or may lose it: --steal",
			h->shared ? "" : ", or attach it --read-only here");
}
