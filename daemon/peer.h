/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls, and what they may do: decided by the kernel's word on the socket's other end, whatever
 * the socket's mode is. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strlist.h"
#include "base/verb.h"

/* Users and groups; owns its arrays. A name that the host does not know yet (it comes from LDAP, or
 * the host is in its initramfs) is looked up again for each request, and gives nobody a right until
 * then. */
struct id_list {
	uid_t *uids;
	gid_t *gids;
	size_t n_uids;
	size_t n_gids;
	struct strlist unknown;
};
/* Add WORD: a user's name or number, or with '@' before it a group's. Logs a name that is unknown.
 * -EINVAL (usage): a number that none can have. */
int id_list_add(struct id_list *l, const char *word, struct err **e);
void id_list_deinit(struct id_list *l);

struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};
/* Of the UNIX socket FD. */
int peer_get(int fd, struct peer *out, struct err **e);

/* Changing: root and CHANGERS. Reading: they, and the group rbdvol. -EPERM (not permitted) with the
 * reason. */
int peer_check(const struct peer *peer, enum access access, const struct id_list *changers,
	       struct err **e);

/* The group that may read; false where the host has none. */
#define RBDVOL_GROUP "rbdvol"
bool group_id(const char *name, gid_t *out);
