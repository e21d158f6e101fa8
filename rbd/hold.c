/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may write an image; docs/holds.md has the reasons. A hold has no end by itself: one that
 * expired would prove nothing of a host that may still write. */
#include "rbd/hold.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "rbd/errors.h"
#include "rbd/evict.h"
#include "rbd/hold-owner.h"
#include "rbd/hold-state.h"

#define ATTEMPTS_MAX 64

#define LOOK_AGAIN_US 200000
/* The watch of a client that died ends after 30 s, and an OSD looks at it every few seconds. */
#define WATCH_ENDS_US (40 * USEC_PER_SEC)

static int hold_fail(struct ioctx *p, const struct spec *spec, int r, struct err **e)
{
	return image_fail(p, CALL_HOLD, spec->image, 0, r, e, "the hold of '%s/%s'", spec->pool,
			  spec->image);
}

/* A place, and the object in it that SPEC's holds are on. */
static int open_object(struct cluster *c, const struct spec *spec, struct ioctx *p, char **object,
		       struct err **e)
{
	int r = ioctx_open(c, spec->pool, spec->ns, p, e);

	return r < 0 ? r : hold_object(p, spec, object, e);
}

static int read_state(struct ioctx *p, const struct spec *spec, const char *object,
		      struct hold_state *out, struct err **e)
{
	int r = hold_state_read(p->io, object, out);

	if (r == -ENOENT)
		return ioctx_missing(p, spec, e);
	return r < 0 ? hold_fail(p, spec, r, e) : 0;
}

static int read_of(struct cluster *c, const struct spec *spec, struct hold_state *out,
		   struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	return r < 0 ? r : read_state(&p, spec, object, out, e);
}

static int move(struct hold *item, struct hold *out)
{
	*out = *item;
	*item = (struct hold){0};
	return 1;
}

int hold_get(struct cluster *c, const struct spec *spec, const struct hold *mine, struct hold *out,
	     struct err **e)
{
	_cleanup_hold_state_ struct hold_state state = {0};
	size_t pick = 0;
	int r = read_of(c, spec, &state, e);

	*out = (struct hold){0};
	if (r < 0 || !state.n)
		return r;
	for (size_t i = 1; mine && i < state.n; i++)
		if (hold_owner(&state.items[i], mine) > hold_owner(&state.items[pick], mine))
			pick = i;
	return move(&state.items[pick], out);
}

int hold_get_other(struct cluster *c, const struct spec *spec, const struct hold *mine,
		   struct hold *out, struct err **e)
{
	_cleanup_hold_state_ struct hold_state state = {0};
	int r = read_of(c, spec, &state, e);

	*out = (struct hold){0};
	for (size_t i = 0; r >= 0 && i < state.n; i++)
		if (hold_owner(&state.items[i], mine) != HOLD_THIS_BOOT)
			return move(&state.items[i], out);
	return r < 0 ? r : 0;
}

static size_t count_of(const struct hold_state *state, const struct hold *mine,
		       enum hold_owner owner)
{
	size_t n = 0;

	for (size_t i = 0; i < state->n; i++)
		n += hold_owner(&state->items[i], mine) == owner;
	return n;
}

/* Whether H is of MINE's host, and not of a copy of it that has the same name: that one's client
 * runs. */
static bool is_own(const struct hold *h, const struct hold *mine,
		   const struct image_clients *clients)
{
	enum hold_owner owner = hold_owner(h, mine);

	return owner == HOLD_THIS_BOOT ||
	       (owner == HOLD_EARLIER_BOOT && !image_clients_runs(clients, h->client_address));
}

/* The holds, and where an earlier boot of MINE's host has one, the image's clients. */
static int read_with_clients(struct ioctx *p, const struct spec *spec, const char *object,
			     const struct hold *mine, struct hold_state *state,
			     struct image_clients *clients, struct err **e)
{
	int r = read_state(p, spec, object, state, e);

	if (r >= 0 && count_of(state, mine, HOLD_EARLIER_BOOT))
		r = image_clients_get(p, spec, object, clients, e);
	return r;
}

int hold_get_own(struct cluster *c, const struct spec *spec, const struct hold *mine,
		 struct hold *out, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	_cleanup_hold_state_ struct hold_state state = {0};
	_cleanup_image_clients_ struct image_clients clients = {0};
	int r = open_object(c, spec, &p, &object, e);

	*out = (struct hold){0};
	if (r >= 0)
		r = read_with_clients(&p, spec, object, mine, &state, &clients, e);
	for (size_t i = 0; r >= 0 && i < state.n; i++)
		if (is_own(&state.items[i], mine, &clients))
			return move(&state.items[i], out);
	return r < 0 ? r : 0;
}

enum fate {
	FATE_STAYS,   /* a sharer beside a sharer */
	FATE_OURS,    /* of this boot of this host: renewed */
	FATE_EVICTED, /* its client is blocklisted, then it goes */
	FATE_BARS,
};

static enum fate fate_of(const struct hold *h, const struct hold_claim *claim,
			 const struct image_clients *clients)
{
	if (is_own(h, claim->mine, clients))
		return hold_owner(h, claim->mine) == HOLD_THIS_BOOT ? FATE_OURS : FATE_EVICTED;
	if (h->shared && claim->mine->shared)
		return FATE_STAYS;
	return claim->steal ? FATE_EVICTED : FATE_BARS;
}

static int hold_refuse(const struct spec *spec, const struct hold *h,
		       const struct hold_claim *claim, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec), *who = hold_describe(h);

	if (!name || !who)
		return err_oom(e);
	err_set(e, ERR_HELD, -EBUSY, "volume '%s' is held by %s", name, who);
	return hold_owner_hint(h, claim->mine, e);
}

/* What becomes of the holds that were read: which stay, and which clients to blocklist. */
struct plan {
	const struct hold **stay;
	size_t n;
	struct hold mine; /* borrows its strings */
	struct eviction evicted;
	struct strlist told;
};

static void plan_deinit(struct plan *s)
{
	free(s->stay);
	eviction_deinit(&s->evicted);
	strlist_deinit(&s->told);
}
#define _cleanup_plan_ cleanup(plan_deinit)

static void renew(struct plan *s, const struct hold *old)
{
	if (!*s->mine.client_address) {
		s->mine.client_address = old->client_address;
		s->mine.client_shared = old->client_shared;
	}
	if (old->since > 0)
		s->mine.since = old->since;
}

static int plan_hold(struct ioctx *p, const struct spec *spec, const struct hold *h,
		     const struct hold_claim *claim, const struct image_clients *clients,
		     struct plan *s, struct err **e)
{
	_cleanup_free_ char *who = hold_describe(h);

	switch (fate_of(h, claim, clients)) {
	case FATE_BARS:
		return hold_refuse(spec, h, claim, e);
	case FATE_OURS:
		renew(s, h);
		return 0;
	case FATE_STAYS:
		s->stay[s->n++] = h;
		return 0;
	default:
		break;
	}
	if (!who || strlist_add(&s->told, "taken from %s", who) < 0)
		return err_oom(e);
	return evict_holder(p, spec, h, claim, clients, &s->evicted, e);
}

static int plan_make(struct ioctx *p, const struct hold_state *state, const struct spec *spec,
		     const struct hold_claim *claim, const struct image_clients *clients,
		     struct plan *s, struct err **e)
{
	int r = 0;

	s->mine = *claim->mine;
	s->stay = calloc(state->n + 1, sizeof(struct hold *));
	if (!s->stay)
		return err_oom(e);
	for (size_t i = 0; r >= 0 && i < state->n; i++)
		r = plan_hold(p, spec, &state->items[i], claim, clients, s, e);
	s->stay[s->n++] = &s->mine;
	return r;
}

/* Whether another host's hold names ADDRESS. One that this host's own hold names and that is not on
 * this kernel is not: it is of a copy of this host that was made with its memory. */
static bool is_holder(const char *address, const struct hold_state *state, const struct hold *mine)
{
	for (size_t i = 0; i < state->n; i++)
		if (!strcmp(state->items[i].client_address, address) &&
		    hold_owner(&state->items[i], mine) != HOLD_THIS_BOOT)
			return true;
	return false;
}

/* Whom the hold does not name: a mapping made by its holder that was not recorded yet, one made
 * without a hold. */
static int add_kernel_watchers(const struct watchers *w, const struct hold_state *state,
			       const struct hold_claim *claim, struct eviction *out, struct err **e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < w->n; i++)
		if (w->items[i].kernel && !w->items[i].own &&
		    !strlist_has(claim->own_clients, w->items[i].address) &&
		    !is_holder(w->items[i].address, state, claim->mine))
			r = evict_watcher(w->items[i].address, out, e);
	return r;
}

static int evict_planned(struct cluster *c, struct ioctx *p, const struct spec *spec,
			 const struct hold_state *state, const struct hold_claim *claim,
			 const struct image_clients *clients, struct plan *s, struct err **e)
{
	int r = 0;

	if (claim->steal && s->told.n)
		r = add_kernel_watchers(&clients->watchers, state, claim, &s->evicted, e);
	if (r < 0 || !s->evicted.clients.n)
		return r;
	r = evict(c, p, spec, claim, clients, &s->evicted, e);
	FAILPOINT("hold.fenced");
	return r;
}

static int tell_evicted(const struct eviction *v, const struct hold_claim *claim)
{
	for (size_t i = 0; claim->told && i < v->clients.n; i++)
		if (strlist_add(claim->told, "the client at %s is blocklisted",
				v->clients.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int hold_tell(const struct plan *s, const struct hold_claim *claim)
{
	for (size_t i = 0; claim->told && i < s->told.n; i++)
		if (strlist_add(claim->told, "%s", s->told.items[i]) < 0)
			return -ENOMEM;
	return tell_evicted(&s->evicted, claim);
}

/* 0: taken; 1: somebody else was faster, look again. */
static int take_once(struct cluster *c, struct ioctx *p, const struct spec *spec,
		     const char *object, const struct hold_claim *claim, struct err **e)
{
	_cleanup_plan_ struct plan s = {0};
	_cleanup_hold_state_ struct hold_state state = {0};
	_cleanup_image_clients_ struct image_clients clients = {0};
	int r = read_state(p, spec, object, &state, e);

	if (r >= 0 && count_of(&state, claim->mine, HOLD_THIS_BOOT) < state.n)
		r = image_clients_get(p, spec, object, &clients, e);
	if (r < 0)
		return r;
	r = plan_make(p, &state, spec, claim, &clients, &s, e);
	if (r < 0)
		return r;
	r = evict_planned(c, p, spec, &state, claim, &clients, &s, e);
	if (r < 0)
		return r;
	r = hold_state_replace(p->io, object, &state, s.stay, s.n);
	if (r < 0)
		return hold_fail(p, spec, r, e);
	return r || hold_tell(&s, claim) >= 0 ? r : err_oom(e);
}

/* 1: the hold of an earlier boot of this host names a client that watches the image. */
static int earlier_boot_runs(struct ioctx *p, const struct spec *spec, const char *object,
			     const struct hold *mine, struct err **e)
{
	_cleanup_hold_state_ struct hold_state state = {0};
	_cleanup_image_clients_ struct image_clients clients = {0};
	int r = read_with_clients(p, spec, object, mine, &state, &clients, e);

	for (size_t i = 0; r >= 0 && i < state.n; i++)
		if (hold_owner(&state.items[i], mine) == HOLD_EARLIER_BOOT &&
		    !is_own(&state.items[i], mine, &clients))
			return 1;
	return r < 0 ? r : 0;
}

/* A host that lost power is back sooner than its watch has ended; a copy of this host with the same
 * machine id and name goes on watching. No event tells when a watch ends. */
static int await_earlier_boot(struct ioctx *p, const struct spec *spec, const char *object,
			      const struct hold_claim *claim, struct err **e)
{
	struct deadline end = deadline_earlier(deadline_in(WATCH_ENDS_US), claim->deadline);
	int r;

	do {
		r = earlier_boot_runs(p, spec, object, claim->mine, e);
	} while (r > 0 && !claim->steal && !deadline_passed(end) && !usleep(LOOK_AGAIN_US));
	return r < 0 ? r : 0;
}

/* Call CHANGE until nobody comes in between. */
#define UNTIL_ALONE(change)                                                                        \
	({                                                                                         \
		int _r = 1;                                                                        \
		for (int _i = 0; _r > 0 && _i < ATTEMPTS_MAX; _i++)                                \
			_r = (change);                                                             \
		_r > 0 ? hold_fail(&p, spec, -EAGAIN, e) : _r;                                     \
	})

int hold_take(struct cluster *c, const struct spec *spec, const struct hold_claim *claim,
	      struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	if (r < 0)
		return r;
	r = await_earlier_boot(&p, spec, object, claim, e);
	return r < 0 ? r : UNTIL_ALONE(take_once(c, &p, spec, object, claim, e));
}

static int lost(const struct spec *spec, const struct hold_state *state, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);
	_cleanup_free_ char *who = state->n ? hold_describe(&state->items[0]) : strdup("nobody");

	if (!name || !who)
		return err_oom(e);
	return err_set(e, ERR_HELD, -EBUSY,
		       "the hold of volume '%s' was taken away while it was being mapped here; now "
		       "it is held by %s",
		       name, who);
}

static int record_once(struct ioctx *p, const struct spec *spec, const char *object,
		       const struct hold *mine, struct err **e)
{
	_cleanup_plan_ struct plan s = {.mine = *mine};
	_cleanup_hold_state_ struct hold_state state = {0};
	bool found = false;
	int r = read_state(p, spec, object, &state, e);

	if (r < 0)
		return r;
	s.stay = calloc(state.n + 1, sizeof(struct hold *));
	if (!s.stay)
		return err_oom(e);
	for (size_t i = 0; i < state.n; i++) {
		bool ours = hold_owner(&state.items[i], mine) == HOLD_THIS_BOOT;

		if (ours)
			renew(&s, &state.items[i]);
		found = found || ours;
		s.stay[s.n++] = ours ? &s.mine : &state.items[i];
	}
	if (!found)
		return lost(spec, &state, e);
	r = hold_state_replace(p->io, object, &state, s.stay, s.n);
	return r < 0 ? hold_fail(p, spec, r, e) : r;
}

int hold_record(struct cluster *c, const struct spec *spec, const struct hold *mine, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	return r < 0 ? r : UNTIL_ALONE(record_once(&p, spec, object, mine, e));
}

/* 1: look again; *released: something was. By an image's id the name may be another image's, whose
 * clients tell nothing. */
static int release_once(struct ioctx *p, const struct spec *spec, const char *object, bool by_id,
			const struct hold *mine, bool *released, struct err **e)
{
	_cleanup_plan_ struct plan s = {0};
	_cleanup_hold_state_ struct hold_state state = {0};
	_cleanup_image_clients_ struct image_clients clients = {0};
	int r = hold_state_read(p->io, object, &state);

	if (r < 0)
		return r == -ENOENT ? 0 : hold_fail(p, spec, r, e);
	if (!by_id && count_of(&state, mine, HOLD_EARLIER_BOOT))
		r = image_clients_get(p, spec, object, &clients, e);
	if (r < 0)
		return r;
	s.stay = calloc(state.n + 1, sizeof(struct hold *));
	if (!s.stay)
		return err_oom(e);
	for (size_t i = 0; i < state.n; i++)
		if (by_id ? hold_owner(&state.items[i], mine) != HOLD_THIS_BOOT
			  : !is_own(&state.items[i], mine, &clients))
			s.stay[s.n++] = &state.items[i];
	*released = s.n < state.n;
	r = *released ? hold_state_replace(p->io, object, &state, s.stay, s.n) : 0;
	if (r == -ENOENT)
		return 0;
	return r < 0 ? hold_fail(p, spec, r, e) : r;
}

int hold_release(struct cluster *c, const struct spec *spec, const char *image_id,
		 const struct hold *mine, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	bool released = false;
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	if (r >= 0)
		r = image_id ? hold_object_of(image_id, &object, e)
			     : hold_object(&p, spec, &object, e);
	if (r == -ENOENT) {
		err_free(steal(e)); /* no pool or no image, no hold */
		return 0;
	}
	if (r < 0)
		return r;
	r = UNTIL_ALONE(release_once(&p, spec, object, image_id, mine, &released, e));
	return r < 0 ? r : released;
}

/* Into *out: the addresses of those that watch and are nobody's; *kernel: one is a mapping. */
static int find_unknown_clients(struct ioctx *p, const struct spec *spec, const char *object,
				const struct hold_claim *claim, struct strlist *out, bool *kernel,
				struct err **e)
{
	_cleanup_hold_state_ struct hold_state state = {0};
	_cleanup_watchers_ struct watchers w = {0};
	/* The watchers first: a sharer is recorded after it watches. */
	int r = watchers_get(p, spec, &w, e);

	*kernel = false;
	if (r >= 0 && w.n)
		r = read_state(p, spec, object, &state, e);
	for (size_t i = 0; r >= 0 && i < w.n; i++) {
		const char *address = w.items[i].address;

		if (w.items[i].own || strlist_has(claim->own_clients, address) ||
		    is_holder(address, &state, claim->mine))
			continue;
		*kernel = *kernel || w.items[i].kernel;
		if (strlist_add(out, "%s", address) < 0)
			return err_oom(e);
	}
	return r;
}

static int refuse_unknown_clients(const struct spec *spec, const struct strlist *unknown,
				  struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);

	if (!name)
		return err_oom(e);
	err_set(e, ERR_HELD, -EBUSY,
		"volume '%s' is held by an unknown holder: it is open for writing at %s%s", name,
		unknown->items[0], unknown->n > 1 ? " and elsewhere" : "");
	return err_hint(e, "'rbd map', or a program such as QEMU, has it there: end that (the "
			   "watch of a host that died ends after 30 s), or --steal");
}

static int evict_unknown_clients(struct cluster *c, struct ioctx *p, const struct spec *spec,
				 const char *object, const struct strlist *unknown,
				 const struct hold_claim *claim, struct err **e)
{
	_cleanup_image_clients_ struct image_clients clients = {0};
	_cleanup_eviction_ struct eviction v = {0};
	int r = image_clients_get(p, spec, object, &clients, e);

	for (size_t i = 0; r >= 0 && i < unknown->n; i++)
		r = evict_watcher(unknown->items[i], &v, e);
	if (r >= 0)
		r = evict(c, p, spec, claim, &clients, &v, e);
	return r < 0 || tell_evicted(&v, claim) >= 0 ? r : err_oom(e);
}

int hold_check_unknown_clients(struct cluster *c, const struct spec *spec,
			       const struct hold_claim *claim, struct err **e)
{
	struct deadline end = deadline_earlier(deadline_in(WATCHERS_PATIENCE_US), claim->deadline);
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	while (r >= 0) {
		_cleanup_strlist_ struct strlist unknown = {0};
		bool kernel;

		r = find_unknown_clients(&p, spec, object, claim, &unknown, &kernel, e);
		if (r < 0 || !unknown.n)
			return r;
		/* A sharer's mapping may be about to be recorded. */
		if ((kernel && !claim->mine->shared) || deadline_passed(end))
			return claim->steal ? evict_unknown_clients(c, &p, spec, object, &unknown,
								    claim, e)
					    : refuse_unknown_clients(spec, &unknown, e);
		usleep(LOOK_AGAIN_US);
	}
	return r;
}
