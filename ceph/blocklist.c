/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/blocklist.h"
#include "base/json.h"
#include "ceph/cluster.h"
#include "ceph/monitors.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "ceph/session.h"

int blocklist_of(struct session *s, struct strlist *out, struct err **e)
{
	/* Before release 16 it had another name. */
	static const char *const commands[] = {
		"{\"prefix\": \"osd blocklist ls\", \"format\": \"json\"}",
		"{\"prefix\": \"osd blacklist ls\", \"format\": \"json\"}",
	};
	_cleanup_json_ json_t *answer = NULL;
	const json_t *entry;
	size_t i;
	int r = -EINVAL;

	for (i = 0; r == -EINVAL && i < ARRAY_SIZE(commands); i++)
		r = session_ask(s, commands[i], &answer);
	if (r < 0)
		return session_fail(s, r, e, "ask which clients are blocklisted");
	json_array_foreach(answer, i, entry) {
		const char *address = json_string_value(json_object_get(entry, "addr"));

		if (address && strlist_add(out, "%s", address) < 0)
			return err_oom(e);
	}
	return 0;
}

int blocklist_list(struct cluster *c, struct strlist *out, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	int r = cluster_session(c, &s, e);

	return r < 0 ? r : blocklist_of(s, out, e);
}

/* Whether ENTRY blocklists the whole host that ADDRESS, "ip:port/nonce", is on. */
static bool is_host_of(const char *entry, const char *address)
{
	const char *port = strrchr(address, ':');
	size_t n = port ? (size_t)(port - address) : 0;

	return n && !strncmp(entry, address, n) && !strcmp(entry + n, ":0/0");
}

bool blocklist_has(const struct strlist *list, const char *address)
{
	for (size_t i = 0; *address && i < list->n; i++)
		if (!strcmp(list->items[i], address) || is_host_of(list->items[i], address))
			return true;
	return false;
}
