/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many connections users other than root may have, so that none of them, nor all together, can
 * shut root out by holding connections. */
#pragma once

#include <pthread.h>
#include <sys/types.h>

#define CONNECTIONS_MAX	       512 /* for everybody */
#define CONNECTIONS_OTHERS_MAX 256 /* of these, for all users but root */
#define CONNECTIONS_USER_MAX   64  /* of these, for one of them */

struct connections {
	pthread_mutex_t lock;
	uid_t others[CONNECTIONS_OTHERS_MAX]; /* whose each is; 0: free */
	uid_t root;			      /* 0: the place of all of root's, not counted */
};
void connections_init(struct connections *c);
void connections_deinit(struct connections *c);

/* One more of UID: a place for connections_leave; NULL: that would be too many. */
uid_t *connections_enter(struct connections *c, uid_t uid);
/* PLACE may be NULL. */
void connections_leave(struct connections *c, uid_t *place);
