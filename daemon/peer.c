/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/value.h"
#include "daemon/log.h"

#define NSS_BUFFER 65536
#define MAX_GROUPS 65536 /* NGROUPS_MAX */

bool group_id(const char *name, gid_t *out)
{
	_cleanup_free_ char *buf = malloc(NSS_BUFFER);
	struct group group, *found = NULL;

	if (!buf || getgrnam_r(name, &group, buf, NSS_BUFFER, &found) || !found)
		return false;
	*out = found->gr_gid;
	return true;
}

static bool user_id(const char *name, uid_t *out)
{
	_cleanup_free_ char *buf = malloc(NSS_BUFFER);
	struct passwd user, *found = NULL;

	if (!buf || getpwnam_r(name, &user, buf, NSS_BUFFER, &found) || !found)
		return false;
	*out = found->pw_uid;
	return true;
}

/* A number, or no number: then the name decides. The last value means 'none' to the kernel. */
static bool number(const char *text, uint32_t *out)
{
	_cleanup_err_ struct err *e = NULL;
	uint64_t n;

	if (value_u64("id", text, 0, UINT32_MAX - 1, &n, &e) < 0)
		return false;
	*out = (uint32_t)n;
	return true;
}

static int ids_append(uint32_t **ids, size_t *n, uint32_t id, struct err **e)
{
	uint32_t *more = reallocarray(*ids, *n + 1, sizeof(*more));

	if (!more)
		return err_oom(e);
	more[(*n)++] = id;
	*ids = more;
	return 0;
}

/* No name has digits alone: it is a number out of range. */
static int add_unknown(struct id_list *l, const char *word, const char *name, const char *what,
		       struct err **e)
{
	if (!name[strspn(name, "0123456789")])
		return err_set(e, ERR_USAGE, -EINVAL, "no %s '%s' on this host", what, name);
	log_warning("allow-change: no %s '%s' on this host yet; each request looks again", what,
		    name);
	return strlist_add(&l->unknown, "%s", word) < 0 ? err_oom(e) : 0;
}

int id_list_add(struct id_list *l, const char *word, struct err **e)
{
	uint32_t id;

	if (*word == '@') {
		if (!number(word + 1, &id) && !group_id(word + 1, &id))
			return add_unknown(l, word, word + 1, "group", e);
		return ids_append(&l->gids, &l->n_gids, id, e);
	}
	if (!number(word, &id) && !user_id(word, &id))
		return add_unknown(l, word, word, "user", e);
	return ids_append(&l->uids, &l->n_uids, id, e);
}

void id_list_deinit(struct id_list *l)
{
	free(l->uids);
	free(l->gids);
	strlist_deinit(&l->unknown);
	*l = (struct id_list){0};
}

int peer_get(int fd, struct peer *out, struct err **e)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return err_errno(e, -errno, "the caller's credentials");
	*out = (struct peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
	return 0;
}

struct groups {
	gid_t *ids;
	int n;
};

static void groups_deinit(struct groups *g)
{
	free(g->ids);
}

/* The primary group of the process, and those that the user has. An unknown user has none. */
static int groups_of(const struct peer *peer, struct groups *out)
{
	_cleanup_free_ char *buf = malloc(NSS_BUFFER);
	struct passwd user, *found = NULL;
	int n = MAX_GROUPS;

	out->ids = malloc(MAX_GROUPS * sizeof(*out->ids));
	if (!buf || !out->ids)
		return -ENOMEM;
	out->ids[0] = peer->gid;
	out->n = 1;
	if (getpwuid_r(peer->uid, &user, buf, NSS_BUFFER, &found) || !found)
		return 0;
	if (getgrouplist(user.pw_name, peer->gid, out->ids, &n) >= 0)
		out->n = n;
	return 0;
}

static bool in_group(const struct groups *g, gid_t gid)
{
	for (int i = 0; i < g->n; i++)
		if (g->ids[i] == gid)
			return true;
	return false;
}

/* By a name that was unknown when the configuration was read. */
static bool peer_is_named(const struct peer *peer, const struct groups *g, const struct id_list *l)
{
	for (size_t i = 0; i < l->unknown.n; i++) {
		const char *word = l->unknown.items[i];
		uid_t uid;
		gid_t gid;

		if (*word == '@' ? group_id(word + 1, &gid) && in_group(g, gid)
				 : user_id(word, &uid) && uid == peer->uid)
			return true;
	}
	return false;
}

static bool is_changer(const struct peer *peer, const struct groups *g, const struct id_list *l)
{
	for (size_t i = 0; i < l->n_uids; i++)
		if (l->uids[i] == peer->uid)
			return true;
	for (size_t i = 0; i < l->n_gids; i++)
		if (in_group(g, l->gids[i]))
			return true;
	return peer_is_named(peer, g, l);
}

int peer_check(const struct peer *peer, enum access access, const struct id_list *changers,
	       struct err **e)
{
	cleanup(groups_deinit) struct groups groups = {0};
	gid_t readers;

	if (!peer->uid)
		return 0;
	if (access == ACCESS_ROOT)
		return err_set(e, ERR_NOT_PERMITTED, -EPERM, "user %u is not root", peer->uid);
	if (groups_of(peer, &groups) < 0)
		return err_oom(e);
	if (is_changer(peer, &groups, changers))
		return 0;
	if (access == ACCESS_CHANGE) {
		err_set(e, ERR_NOT_PERMITTED, -EPERM, "user %u may not change volumes", peer->uid);
		return err_hint(e, "root may; 'allow-change' in rbdvol.conf names further users");
	}
	if (group_id(RBDVOL_GROUP, &readers) && in_group(&groups, readers))
		return 0;
	err_set(e, ERR_NOT_PERMITTED, -EPERM, "user %u may not see volumes", peer->uid);
	return err_hint(e, "root and members of the group " RBDVOL_GROUP " may");
}
