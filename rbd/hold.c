/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hold is a lock of class 'lock' on the image's header object, with the host as its cookie and
 * a description that says the rest. It has no end by itself: an expired lock would prove nothing of
 * a host that may still write. */
#include "rbd/hold.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/failpoint.h"
#include "rbd/classes.h"
#include "rbd/session.h"

#define LOCK	     "rbdvol"
#define ATTEMPTS_MAX 8

DEFINE_CLEANUP(json_t *, json_decref)
#define _cleanup_json_ cleanup(json_decref_p)

void hold_deinit(struct hold *h)
{
	free(h->host);
	free(h->host_name);
	free(h->boot_id);
	free(h->client_address);
	*h = (struct hold){0};
}

/* The object that the lock is on; the caller frees it. */
static int header_object(struct place *p, const struct spec *spec, char **out, struct err **e)
{
	_cleanup_free_ char *id = NULL, *name = spec_format(spec);
	int r = class_image_id(p->io, spec->image, &id);
	uint64_t size;
	time_t when;

	if (!r)
		return asprintf(out, "rbd_header.%s", id) < 0 ? err_oom(e) : 0;
	if (r != -ENOENT)
		return session_fail(p->session, r, e, "look for image '%s'", name);
	if (asprintf(out, "%s.rbd", spec->image) < 0) /* of format 1? */
		return err_oom(e);
	if (!rados_stat(p->io, *out, &size, &when))
		return 0;
	free(*out);
	*out = NULL;
	return place_missing(p, spec, e);
}

/* A text out of JSON that somebody else may have written: printable, or empty. */
static char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	char *copy = strndup(s ? s : "", 256);

	for (char *c = copy; c && *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	return copy;
}

static int hold_parse(const struct locker *locker, bool shared, struct hold *out)
{
	_cleanup_json_ json_t *o = json_loads(locker->description, 0, NULL);

	*out = (struct hold){
		.host = strdup(locker->cookie),
		.host_name = text_of(o, "host_name"),
		.boot_id = text_of(o, "boot_id"),
		.client_address = text_of(o, "client_address"),
		.since = (time_t)json_integer_value(json_object_get(o, "since")),
		.shared = shared,
	};
	if (out->host && out->host_name && out->boot_id && out->client_address)
		return 0;
	hold_deinit(out);
	return -ENOMEM;
}

/* In the words of JSON; the caller frees it. */
static char *hold_format(const struct hold *h)
{
	_cleanup_json_ json_t *o = json_pack(
		"{s:s, s:s, s:s, s:I}", "host_name", h->host_name ? h->host_name : "", "boot_id",
		h->boot_id ? h->boot_id : "", "client_address",
		h->client_address ? h->client_address : "", "since", (json_int_t)h->since);

	return o ? json_dumps(o, JSON_COMPACT) : NULL;
}

/* The locker to tell of: HOST's own, else the first; NULL: nobody. */
static const struct locker *pick(const struct lock_state *state, const char *host)
{
	for (size_t i = 0; host && i < state->n; i++)
		if (!strcmp(state->items[i].cookie, host))
			return &state->items[i];
	return state->n ? &state->items[0] : NULL;
}

int hold_get(struct cluster *c, const struct spec *spec, const char *host, struct hold *out,
	     struct err **e)
{
	_cleanup_place_ struct place p = {0};
	_cleanup_lock_state_ struct lock_state state = {0};
	_cleanup_free_ char *object = NULL;
	const struct locker *locker;
	int r = place_open(c, spec->pool, spec->ns, &p, e);

	*out = (struct hold){0};
	if (!r)
		r = header_object(&p, spec, &object, e);
	if (r < 0)
		return r;
	r = class_lock_state(p.io, object, LOCK, &state);
	if (r == -ENOENT)
		return place_missing(&p, spec, e);
	if (r < 0)
		return session_fail(p.session, r, e, "ask who holds '%s/%s'", spec->pool,
				    spec->image);
	locker = pick(&state, host);
	if (!locker)
		return 0;
	return hold_parse(locker, state.shared, out) < 0 ? err_oom(e) : 1;
}

/* Break all locks of HOST on OBJECT, those of an earlier client of its own too. */
static int break_own(struct place *p, const char *object, const struct lock_state *state,
		     const char *host)
{
	for (size_t i = 0; i < state->n; i++) {
		int r;

		if (strcmp(state->items[i].cookie, host))
			continue;
		r = rados_break_lock(p->io, object, LOCK, state->items[i].client, host);
		FAILPOINT("hold.broken");
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

static int refuse(const struct spec *spec, const struct locker *locker, bool shared, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_hold_ struct hold h = {0};
	char since[64] = "an unknown time";
	struct tm tm;

	if (hold_parse(locker, shared, &h) < 0)
		return err_oom(e);
	if (h.since > 0 && localtime_r(&h.since, &tm))
		strftime(since, sizeof(since), "%F %T %z", &tm);
	err_set(e, ERR_HELD, -EBUSY, "volume '%s' is held by host %s (%s%s) since %s", name,
		*h.host_name ? h.host_name : h.host,
		*h.client_address ? h.client_address : "not mapped yet", shared ? ", shared" : "",
		since);
	return err_hint(e, "detach it there%s", shared ? "" : ", or attach it read-only here");
}

/* The first locker that is not HOST and bars it from a hold (shared or not); NULL: none. */
static const struct locker *rival(const struct lock_state *state, const struct hold *mine)
{
	for (size_t i = 0; i < state->n; i++)
		if (strcmp(state->items[i].cookie, mine->host) && !(state->shared && mine->shared))
			return &state->items[i];
	return NULL;
}

static int lock(struct place *p, const char *object, const struct hold *mine,
		const char *description)
{
	const uint8_t renew = LIBRADOS_LOCK_FLAG_MAY_RENEW;

	if (mine->shared)
		return rados_lock_shared(p->io, object, LOCK, mine->host, "", description, NULL,
					 renew);
	return rados_lock_exclusive(p->io, object, LOCK, mine->host, description, NULL, renew);
}

/* 0: taken; 1: try again; negative: with *e where a rival has it, without it else. */
static int take_once(struct place *p, const struct spec *spec, const char *object,
		     const struct hold *mine, const char *description, struct err **e)
{
	_cleanup_lock_state_ struct lock_state state = {0};
	const struct locker *other;
	int r = lock(p, object, mine, description);

	if (r != -EBUSY && r != -EEXIST)
		return r;
	/* A rival, or ourselves before the daemon or the host started anew. */
	r = class_lock_state(p->io, object, LOCK, &state);
	if (r < 0)
		return r;
	other = rival(&state, mine);
	if (other)
		return refuse(spec, other, state.shared, e);
	r = break_own(p, object, &state, mine->host);
	return r < 0 ? r : 1;
}

int hold_take(struct cluster *c, const struct spec *spec, const struct hold *mine, struct err **e)
{
	_cleanup_place_ struct place p = {0};
	_cleanup_free_ char *object = NULL, *description = hold_format(mine);
	int r = place_open(c, spec->pool, spec->ns, &p, e);

	if (!r)
		r = header_object(&p, spec, &object, e);
	if (r < 0)
		return r;
	if (!description)
		return err_oom(e);
	r = 1;
	for (int i = 0; r > 0 && i < ATTEMPTS_MAX; i++)
		r = take_once(&p, spec, object, mine, description, e);
	if (r > 0)
		r = -EAGAIN;
	if (r < 0 && !*e)
		return session_fail(p.session, r, e, "take the hold of '%s/%s'", spec->pool,
				    spec->image);
	return r;
}

int hold_release(struct cluster *c, const struct spec *spec, const char *host, struct err **e)
{
	_cleanup_place_ struct place p = {0};
	_cleanup_lock_state_ struct lock_state state = {0};
	_cleanup_free_ char *object = NULL;
	int r = place_open(c, spec->pool, spec->ns, &p, e);

	if (!r)
		r = header_object(&p, spec, &object, e);
	if (r == -ENOENT && p.io) {
		err_free(steal(e)); /* no image, no hold */
		return 0;
	}
	if (r < 0)
		return r;
	r = class_lock_state(p.io, object, LOCK, &state);
	if (!r)
		r = break_own(&p, object, &state, host);
	if (r < 0 && r != -ENOENT)
		return session_fail(p.session, r, e, "let go of the hold of '%s/%s'", spec->pool,
				    spec->image);
	return 0;
}
