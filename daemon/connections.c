/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/connections.h"

#include "base/lock.h"

void connections_init(struct connections *c)
{
	*c = (struct connections){0};
	pthread_mutex_init(&c->lock, NULL);
}

void connections_deinit(struct connections *c)
{
	pthread_mutex_destroy(&c->lock);
}

/* Locked. NULL: UID has enough, or all others together have. */
static uid_t *find_place(struct connections *c, uid_t uid)
{
	uid_t *free_place = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(c->others); i++) {
		n += c->others[i] == uid;
		if (!c->others[i])
			free_place = &c->others[i];
	}
	return n < CONNECTIONS_USER_MAX ? free_place : NULL;
}

uid_t *connections_enter(struct connections *c, uid_t uid)
{
	uid_t *place;

	if (!uid)
		return &c->root;
	WITH_LOCK(&c->lock);
	place = find_place(c, uid);
	if (place)
		*place = uid;
	return place;
}

void connections_leave(struct connections *c, uid_t *place)
{
	if (!place)
		return;
	WITH_LOCK(&c->lock);
	*place = 0;
}
