/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This host's right to write the volume: taken before the device is mapped, given back after it is
 * gone. docs/holds.md has the reasons. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/failpoint.h"
#include "ceph/blocklist.h"
#include "mapper/device.h"
#include "mapper/mapping.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"
#include "volume/hold.h"
#include "volume/host.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

#define THEFT_US      (20 * USEC_PER_SEC)
#define LOOK_AGAIN_US 200000

static bool is_ours(const struct operation *o)
{
	return o->v->held && o->v->hold_owner == HOLD_THIS_BOOT;
}

/* The device that is mapped here is the client that the hold names. An initramfs may have taken it
 * for the root, without the machine id that is on it. */
static bool is_named_in_hold(const struct operation *o)
{
	return is_ours(o) && o->v->attached &&
	       !strcmp(o->v->hold.client_address, o->v->device.client_address);
}

/* Who wants to share what is attached here for this host alone, or the other way round, would
 * change the word under a device that is in use. */
static int refuse_other_sharing(struct operation *o, struct err **e)
{
	if (!is_ours(o) || !o->v->attached || o->v->hold.shared == o->req->shared)
		return 0;
	err_set(e, ERR_BUSY, -EBUSY, "%s is attached already, as %s, %s", o->spec->image,
		o->v->device.node, o->v->hold.shared ? "shared" : "not shared");
	return err_hint(e, "detach it first, or attach it %s --shared",
			o->v->hold.shared ? "with" : "without");
}

static int my_hold(const struct operation *o, const char *client_address, struct hold *out,
		   struct err **e)
{
	int r = host_hold(o->host, client_address, out, e);

	out->shared = o->req->shared;
	return r;
}

/* With the client of the device that is here, if one is. */
static int mapped_hold(const struct operation *o, struct hold *out, struct err **e)
{
	bool mapped = o->v->attached && !o->v->device.read_only;
	int r = my_hold(o, mapped ? o->v->device.client_address : "", out, e);

	out->client_shared = mapped && device_shares_client(&o->v->device);
	return r;
}

/* Reading from under a writer's hands is allowed, and told. */
static int look_at_writer(struct operation *o, struct err **e)
{
	int r = o->spec->snap ? 0 : observe_hold(o, e);

	if (r <= 0 || is_ours(o))
		return r < 0 ? r : 1;
	progress_note(o->progress,
		      "host %s holds %s for writing: what is read here changes under the reader; a "
		      "snapshot is steady",
		      o->v->hold.host_name, o->spec->image);
	return 1;
}

static int is_held(struct operation *o, struct err **e)
{
	int r;

	if (operation_read_only(o))
		return look_at_writer(o, e);
	r = observe_device(o, e);
	if (r < 0)
		return r;
	r = observe_hold(o, e);
	if (r < 0)
		return r;
	r = refuse_other_sharing(o, e);
	return r < 0 ? r : is_named_in_hold(o);
}

/* The kernel's clients and this process's. */
static int own_clients(struct host *h, struct strlist *out, struct err **e)
{
	_cleanup_device_list_ struct device_list devices = {0};
	int r = host_own_addresses(h, out, e);

	if (r >= 0)
		r = device_list(&devices, e);

	for (size_t i = 0; r >= 0 && i < devices.n; i++)
		if (strlist_add(out, "%s", devices.items[i].client_address) < 0)
			return err_oom(e);
	return r;
}

/* A claim, and what it borrows. */
struct claiming {
	struct hold mine;
	struct strlist own, told;
	struct hold_claim claim;
};

static void claiming_deinit(struct claiming *c)
{
	hold_deinit(&c->mine);
	strlist_deinit(&c->own);
	strlist_deinit(&c->told);
}
#define _cleanup_claiming_ cleanup(claiming_deinit)

static int claiming_init(const struct operation *o, struct claiming *c, struct err **e)
{
	int r = mapped_hold(o, &c->mine, e);

	c->claim = (struct hold_claim){
		.mine = &c->mine,
		.steal = o->req->steal,
		.steal_shared = o->req->steal_shared,
		.own_clients = &c->own,
		.deadline = o->progress->deadline,
		.told = &c->told,
	};
	return r < 0 ? r : own_clients(o->host, &c->own, e);
}

static int check_unknown_clients(struct operation *o, const struct claiming *c, struct err **e)
{
	int r = hold_check_unknown_clients(o->cluster, o->spec, &c->claim, e);

	for (size_t i = 0; i < c->told.n; i++)
		progress_note(o->progress, "%s", c->told.items[i]);
	return r;
}

static int take_hold(struct operation *o, struct claiming *c, struct err **e)
{
	bool had_it = is_ours(o);
	int r = claiming_init(o, c, e);

	if (r >= 0)
		r = hold_take(o->cluster, o->spec, &c->claim, e);
	o->held_here = r >= 0 && !had_it;
	return r;
}

static int hold_it(struct operation *o, struct err **e)
{
	_cleanup_claiming_ struct claiming c = {0};
	int r = take_hold(o, &c, e);

	return r < 0 ? r : check_unknown_clients(o, &c, e);
}

const struct step step_hold = {"hold", is_held, hold_it};

static int is_recorded(struct operation *o, struct err **e)
{
	(void)e;
	return operation_read_only(o) ||
	       (is_named_in_hold(o) &&
		!strcmp(o->v->hold.boot_id, host_identity(o->host)->boot_id));
}

static int record_client(struct operation *o, struct err **e)
{
	_cleanup_hold_ struct hold mine = {0};
	_cleanup_claiming_ struct claiming c = {0};
	int r = mapped_hold(o, &mine, e);

	if (r >= 0)
		r = hold_record(o->cluster, o->spec, &mine, e);
	if (r >= 0)
		r = observe_hold(o, e);
	if (r >= 0)
		r = claiming_init(o, &c, e);
	/* Again, for who mapped it without a hold since the first look: he sees no hold, but from
	 * here on we have seen him, or he came when the volume was ours. */
	return r < 0 ? r : check_unknown_clients(o, &c, e);
}

const struct step step_record = {"record", is_recorded, record_client};

/* Who takes a volume away shuts its holder's client out first, and has the hold only some time
 * after that. */
static bool is_lost_soon(struct operation *o)
{
	struct deadline end = deadline_earlier(o->progress->deadline, deadline_in(THEFT_US));
	_cleanup_err_ struct err *ignored = NULL;

	do {
		if (observe_hold(o, &ignored) < 0)
			return false;
		if (!is_ours(o))
			return true;
	} while (!deadline_passed(end) && !usleep(LOOK_AGAIN_US));
	return false;
}

static int refuse_lost(const struct operation *o, struct err **e)
{
	return err_set(e, ERR_HELD, -EBUSY,
		       "the hold of volume '%s/%s' was taken away while it was being mapped here; "
		       "now it is held by %s%s",
		       o->spec->pool, o->spec->image, o->v->held ? "host " : "nobody",
		       o->v->held ? o->v->hold.host_name : "");
}

int hold_explain_loss(struct operation *o, struct err **e)
{
	if (!is_lost_soon(o))
		return (*e)->code;
	err_free(steal(e));
	return refuse_lost(o, e);
}

int hold_check_kept(struct operation *o, struct err **e)
{
	int r = operation_read_only(o) ? 0 : observe_hold(o, e);

	if (r < 0 || operation_read_only(o))
		return r;
	return is_ours(o) ? 0 : refuse_lost(o, e);
}

static int not_held(struct operation *o, struct err **e)
{
	int r;

	if (o->spec->snap)
		return 1;
	if (o->meant.node) /* what was attached, which may have another name already */
		return 0;
	r = observe_image(o, e);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = observe_hold(o, e);
	return r < 0 ? r : !r || o->v->hold_owner < HOLD_EARLIER_BOOT;
}

/* The cluster that is asked must be the one that the device was of. */
static int check_cluster(struct operation *o, struct err **e)
{
	char fsid[FSID_LEN + 1];
	int r = cluster_fsid(o->cluster, fsid, e);

	if (r < 0 || !strcmp(fsid, o->meant.fsid))
		return r;
	err_set(e, ERR_FAILED, -EXDEV, "%s was of cluster %s, not of %s", o->meant.node,
		o->meant.fsid, fsid);
	return err_hint(e, "repeat the command with --cluster NAME");
}

static int hold_let_go(struct operation *o, struct err **e)
{
	const char *image_id = o->meant.node ? o->meant.image_id : NULL;
	_cleanup_hold_ struct hold mine = {0};
	int r = image_id ? check_cluster(o, e) : 0;

	if (r < 0)
		return r;
	r = my_hold(o, image_id ? o->meant.client_address : "", &mine, e);
	if (r < 0)
		return r;
	r = hold_release(o->cluster, o->spec, image_id, &mine, e);
	if (r < 0)
		return r;
	hold_deinit(&o->v->hold);
	o->v->held = false;
	return 0;
}

const struct step step_release = {"release", not_held, hold_let_go};

int with_hold(struct operation *o, int (*act)(struct operation *o, struct err **e), struct err **e)
{
	_cleanup_claiming_ struct claiming c = {0};
	_cleanup_err_ struct err *release = NULL;
	int r = take_hold(o, &c, e);

	FAILPOINT("hold.held");
	if (r >= 0)
		r = act(o, e);
	FAILPOINT("hold.acted");
	if (o->held_here && hold_let_go(o, &release) < 0)
		progress_note(o->progress, "it stays held by this host: %s", release->message);
	FAILPOINT("hold.released");
	return r;
}
