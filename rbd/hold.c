/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may write an image; docs/holds.md has the reasons. A hold has no end by itself: one that
 * expired would prove nothing of a host that may still write. */
#include "rbd/hold.h"

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/fence.h"
#include "rbd/hold-state.h"
#include "rbd/watchers.h"

#define ATTEMPTS_MAX 64

#define LOOK_AGAIN_US 200000

static int fail(struct ioctx *p, const struct spec *spec, int r, struct err **e)
{
	return session_fail(p->session, r, e, "the hold of '%s/%s'", spec->pool, spec->image);
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
	return r < 0 ? fail(p, spec, r, e) : 0;
}

static int read_of(struct cluster *c, const struct spec *spec, struct hold_state *out,
		   struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	return r < 0 ? r : read_state(&p, spec, object, out, e);
}

static int hand_out(struct hold *item, struct hold *out)
{
	*out = *item;
	*item = (struct hold){0};
	return 1;
}

int hold_get(struct cluster *c, const struct spec *spec, const char *host, struct hold *out,
	     struct err **e)
{
	_cleanup_hold_state_ struct hold_state state = {0};
	size_t pick = 0;
	int r = read_of(c, spec, &state, e);

	*out = (struct hold){0};
	if (r < 0 || !state.n)
		return r;
	for (size_t i = 0; host && i < state.n; i++)
		if (!strcmp(state.items[i].host, host))
			pick = i;
	return hand_out(&state.items[pick], out);
}

int hold_get_other(struct cluster *c, const struct spec *spec, const char *host, struct hold *out,
		   struct err **e)
{
	_cleanup_hold_state_ struct hold_state state = {0};
	int r = read_of(c, spec, &state, e);

	*out = (struct hold){0};
	for (size_t i = 0; r >= 0 && i < state.n; i++)
		if (strcmp(state.items[i].host, host))
			return hand_out(&state.items[i], out);
	return r < 0 ? r : 0;
}

enum fate {
	FATE_STAYS,  /* a sharer beside a sharer */
	FATE_OURS,   /* this boot's of this host: renewed */
	FATE_OUSTED, /* shut out, then gone */
	FATE_BARS,
};

static bool same_boot(const struct hold *a, const struct hold *b)
{
	return !strcmp(a->host, b->host) && !strcmp(a->boot_id, b->boot_id);
}

bool hold_is_of(const struct hold *h, const struct hold *mine)
{
	return same_boot(h, mine) ||
	       (!strcmp(h->host, mine->host) && !strcmp(h->host_name, mine->host_name));
}

static enum fate fate_of(const struct hold *h, const struct hold_claim *claim)
{
	if (same_boot(h, claim->mine))
		return FATE_OURS;
	if (hold_is_of(h, claim->mine))
		return FATE_OUSTED;
	if (h->shared && claim->mine->shared)
		return FATE_STAYS;
	return claim->steal ? FATE_OUSTED : FATE_BARS;
}

static int refuse(const struct spec *spec, const struct hold *h, struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec), *who = hold_describe(h);

	if (!name || !who)
		return err_oom(e);
	err_set(e, ERR_HELD, -EBUSY, "volume '%s' is held by %s", name, who);
	return err_hint(e, "detach it there%s; if that host is dead, or may lose it: --steal",
			h->shared ? "" : ", or attach it --read-only here");
}

/* A pass over the holds as read: which stay, and whom to shut out. */
struct settlement {
	const struct hold **stay;
	size_t n;
	struct hold mine; /* borrows its strings */
	struct strlist fence, told;
};

static void settlement_deinit(struct settlement *s)
{
	free(s->stay);
	strlist_deinit(&s->fence);
	strlist_deinit(&s->told);
}
#define _cleanup_settlement_ cleanup(settlement_deinit)

static int oust(struct settlement *s, const struct hold *h)
{
	_cleanup_free_ char *who = hold_describe(h);

	if (!who || strlist_add(&s->told, "taken from %s", who) < 0)
		return -ENOMEM;
	return address_is_exact(h->client_address) ? strlist_add(&s->fence, "%s", h->client_address)
						   : 0;
}

static void renew(struct settlement *s, const struct hold *old)
{
	if (!*s->mine.client_address)
		s->mine.client_address = old->client_address;
	if (old->since > 0)
		s->mine.since = old->since;
}

static int settle(const struct hold_state *state, const struct spec *spec,
		  const struct hold_claim *claim, struct settlement *s, struct err **e)
{
	s->mine = *claim->mine;
	s->stay = calloc(state->n + 1, sizeof(struct hold *));
	if (!s->stay)
		return err_oom(e);
	for (size_t i = 0; i < state->n; i++) {
		const struct hold *h = &state->items[i];
		enum fate fate = fate_of(h, claim);

		if (fate == FATE_BARS)
			return refuse(spec, h, e);
		if (fate == FATE_OUSTED && oust(s, h) < 0)
			return err_oom(e);
		if (fate == FATE_OURS)
			renew(s, h);
		if (fate == FATE_STAYS)
			s->stay[s->n++] = h;
	}
	s->stay[s->n++] = &s->mine;
	return 0;
}

static bool is_holder(const char *address, const struct hold_state *state)
{
	for (size_t i = 0; i < state->n; i++)
		if (!strcmp(state->items[i].client_address, address))
			return true;
	return false;
}

/* Whom the hold does not name: a mapping made by its holder that was not recorded yet, one made
 * without a hold. */
static int add_kernel_watchers(struct ioctx *p, const struct spec *spec,
			       const struct hold_state *state, const struct hold_claim *claim,
			       struct strlist *out, struct err **e)
{
	_cleanup_watchers_ struct watchers w = {0};
	int r = watchers_get(p, spec, &w, e);

	for (size_t i = 0; r >= 0 && i < w.n; i++)
		if (w.items[i].kernel && !w.items[i].own &&
		    !strlist_has(claim->own_clients, w.items[i].address) &&
		    !is_holder(w.items[i].address, state) &&
		    strlist_add(out, "%s", w.items[i].address) < 0)
			return err_oom(e);
	return r;
}

static int shut_out(struct ioctx *p, const struct spec *spec, const struct hold_state *state,
		    const struct hold_claim *claim, struct settlement *s, struct err **e)
{
	int r = 0;

	if (claim->steal && s->told.n)
		r = add_kernel_watchers(p, spec, state, claim, &s->fence, e);
	if (r < 0 || !s->fence.n)
		return r;
	r = fence(p, spec, &s->fence, e);
	FAILPOINT("hold.fenced");
	return r;
}

static int tell(const struct settlement *s, const struct hold_claim *claim)
{
	for (size_t i = 0; claim->told && i < s->told.n; i++)
		if (strlist_add(claim->told, "%s", s->told.items[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; claim->told && i < s->fence.n; i++)
		if (strlist_add(claim->told, "the client at %s is shut out of the cluster",
				s->fence.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* 0: taken; 1: somebody else was faster, look again. */
static int take_once(struct ioctx *p, const struct spec *spec, const char *object,
		     const struct hold_claim *claim, struct err **e)
{
	_cleanup_settlement_ struct settlement s = {0};
	_cleanup_hold_state_ struct hold_state state = {0};
	int r = read_state(p, spec, object, &state, e);

	if (r >= 0)
		r = settle(&state, spec, claim, &s, e);
	if (r >= 0)
		r = shut_out(p, spec, &state, claim, &s, e);
	if (r < 0)
		return r;
	r = hold_state_replace(p->io, object, &state, s.stay, s.n);
	if (r < 0)
		return fail(p, spec, r, e);
	return r || tell(&s, claim) >= 0 ? r : err_oom(e);
}

/* Call CHANGE until nobody comes in between. */
#define UNTIL_ALONE(change)                                                                        \
	({                                                                                         \
		int _r = 1;                                                                        \
		for (int _i = 0; _r > 0 && _i < ATTEMPTS_MAX; _i++)                                \
			_r = (change);                                                             \
		_r > 0 ? fail(&p, spec, -EAGAIN, e) : _r;                                          \
	})

int hold_take(struct cluster *c, const struct spec *spec, const struct hold_claim *claim,
	      struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	return r < 0 ? r : UNTIL_ALONE(take_once(&p, spec, object, claim, e));
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
	const struct hold_claim claim = {.mine = mine};
	_cleanup_settlement_ struct settlement s = {.mine = *mine};
	_cleanup_hold_state_ struct hold_state state = {0};
	bool found = false;
	int r = read_state(p, spec, object, &state, e);

	if (r < 0)
		return r;
	s.stay = calloc(state.n + 1, sizeof(struct hold *));
	if (!s.stay)
		return err_oom(e);
	for (size_t i = 0; i < state.n; i++) {
		bool ours = fate_of(&state.items[i], &claim) == FATE_OURS;

		if (ours)
			renew(&s, &state.items[i]);
		found = found || ours;
		s.stay[s.n++] = ours ? &s.mine : &state.items[i];
	}
	if (!found)
		return lost(spec, &state, e);
	r = hold_state_replace(p->io, object, &state, s.stay, s.n);
	return r < 0 ? fail(p, spec, r, e) : r;
}

int hold_record(struct cluster *c, const struct spec *spec, const struct hold *mine, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	return r < 0 ? r : UNTIL_ALONE(record_once(&p, spec, object, mine, e));
}

static int release_once(struct ioctx *p, const struct spec *spec, const char *object,
			const struct hold *mine, struct err **e)
{
	_cleanup_settlement_ struct settlement s = {0};
	_cleanup_hold_state_ struct hold_state state = {0};
	int r = hold_state_read(p->io, object, &state);

	if (r < 0)
		return r == -ENOENT ? 0 : fail(p, spec, r, e);
	s.stay = calloc(state.n + 1, sizeof(struct hold *));
	if (!s.stay)
		return err_oom(e);
	for (size_t i = 0; i < state.n; i++)
		if (!hold_is_of(&state.items[i], mine))
			s.stay[s.n++] = &state.items[i];
	if (s.n == state.n)
		return 0;
	r = hold_state_replace(p->io, object, &state, s.stay, s.n);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? fail(p, spec, r, e) : r;
}

int hold_release(struct cluster *c, const struct spec *spec, const char *image_id,
		 const struct hold *mine, struct err **e)
{
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = ioctx_open(c, spec->pool, spec->ns, &p, e);

	if (r >= 0)
		r = image_id ? hold_object_of(image_id, &object, e)
			     : hold_object(&p, spec, &object, e);
	if (r == -ENOENT) {
		err_free(steal(e)); /* no pool or no image, no hold */
		return 0;
	}
	return r < 0 ? r : UNTIL_ALONE(release_once(&p, spec, object, mine, e));
}

/* Into *out: the addresses of those that watch and are nobody's; *kernel: one is a mapping. */
static int find_strangers(struct ioctx *p, const struct spec *spec, const char *object,
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
		    is_holder(address, &state))
			continue;
		*kernel = *kernel || w.items[i].kernel;
		if (strlist_add(out, "%s", address) < 0)
			return err_oom(e);
	}
	return r;
}

static int refuse_strangers(const struct spec *spec, const struct strlist *strangers,
			    struct err **e)
{
	_cleanup_free_ char *name = spec_format(spec);

	if (!name)
		return err_oom(e);
	err_set(e, ERR_HELD, -EBUSY,
		"volume '%s' is held by an unknown holder: it is open for writing at %s%s", name,
		strangers->items[0], strangers->n > 1 ? " and elsewhere" : "");
	return err_hint(e, "'rbd map', or a program such as QEMU, has it there: end that (the "
			   "watch of a host that died ends after 30 s), or --steal");
}

static int shut_strangers_out(struct ioctx *p, const struct spec *spec,
			      const struct strlist *strangers, const struct hold_claim *claim,
			      struct err **e)
{
	int r = fence(p, spec, strangers, e);

	for (size_t i = 0; !r && claim->told && i < strangers->n; i++)
		if (strlist_add(claim->told, "the client at %s is shut out of the cluster",
				strangers->items[i]) < 0)
			return err_oom(e);
	return r;
}

int hold_check_strangers(struct cluster *c, const struct spec *spec, const struct hold_claim *claim,
			 struct err **e)
{
	struct deadline end = deadline_earlier(deadline_in(WATCHERS_PATIENCE_US), claim->deadline);
	_cleanup_ioctx_ struct ioctx p = {0};
	_cleanup_free_ char *object = NULL;
	int r = open_object(c, spec, &p, &object, e);

	while (r >= 0) {
		_cleanup_strlist_ struct strlist strangers = {0};
		bool kernel;

		r = find_strangers(&p, spec, object, claim, &strangers, &kernel, e);
		if (r < 0 || !strangers.n)
			return r;
		/* A sharer's mapping may be about to be recorded. */
		if ((kernel && !claim->mine->shared) || deadline_passed(end))
			return claim->steal ? shut_strangers_out(&p, spec, &strangers, claim, e)
					    : refuse_strangers(spec, &strangers, e);
		usleep(LOOK_AGAIN_US);
	}
	return r;
}
