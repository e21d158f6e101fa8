/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of each leftover that is this host's prune has the volume alone while it removes it: no operation
 * of this daemon that begins meanwhile can take the same thing for its own. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "mapper/device.h"
#include "mapper/mapping.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"
#include "rbd/leftover-remove.h"
#include "rbd/leftover.h"
#include "volume/finding.h"
#include "volume/host.h"
#include "volume/progress.h"
#include "volume/prune.h"
#include "volume/snapshot-guard.h"

/* Another host that has not finished so long has died: each request of its to the cluster would
 * have ended by then. */
#define STRANGER_S 3600

struct pruning {
	struct host *host;
	struct cluster *cluster;
	struct snapshot_keeper keeper;
	struct progress *progress;
	struct finding_list *out;
	bool dry_run;
};

static bool is_busy(const struct spec *volume, void *arg)
{
	return image_is_locked(host_image_locks(arg), volume);
}

int find_leftovers(struct host *h, struct cluster *c, struct progress *p, const char *pool,
		   const char *image, struct leftovers *out, struct err **e)
{
	_cleanup_hold_ struct hold mine = {0};
	struct snapshot_keeper keeper;
	const struct leftover_query q = {
		.pool = pool,
		.image = image,
		.mine = &mine,
		.busy = is_busy,
		.arg = h,
		.guard = &keeper.guard,
		.go_on = progress_checking(p),
	};
	int r = host_hold(h, "", &mine, e);

	if (r < 0)
		return r;
	r = snapshot_keeper_init(&keeper, h, c, e);
	return r < 0 ? r : leftovers_find(c, &q, out, e);
}

bool is_stale_hold(const struct leftovers *left, size_t i, const struct device_list *devices)
{
	for (size_t d = 0; d < devices->n; d++) {
		_cleanup_free_ char *name = spec_format(&devices->items[d].spec);

		if (!name || !strcmp(name, left->holds.items[i]) ||
		    !strcmp(devices->items[d].client_address, left->hold_clients.items[i]))
			return false;
	}
	return true;
}

static int pruning_tell(struct pruning *p, const char *about, const char *name, int removed,
			struct err **e)
{
	const char *fate = removed ? "is removed" : "stays: it is in use, or gone already";

	return finding_add(p->out, FINDING_OK, about, NULL, e, "%s %s", name,
			   p->dry_run ? "would be removed" : fate);
}

/* Call REMOVE alone at the volume that NAME is left over of. */
static int alone(struct pruning *p, const char *name,
		 int (*remove)(struct pruning *p, const char *name, struct err **e), struct err **e)
{
	struct image_locks *all = host_image_locks(p->host);
	_cleanup_spec_ struct spec volume = {0};
	struct image_lock lock = {0};
	int r = leftover_volume(name, &volume, e);

	if (r < 0 || p->dry_run)
		return r;
	if (!image_lock_try_exclusive(all, &lock, &volume))
		return 0;
	r = remove(p, name, e);
	image_lock_end(all, &lock);
	return r;
}

static int remove_clone(struct pruning *p, const char *name, struct err **e)
{
	return leftover_remove_clone(p->cluster, name, p->progress->deadline, e);
}

static int prune_clone(struct pruning *p, const char *name, struct err **e)
{
	int r = alone(p, name, remove_clone, e);

	return r < 0 ? r : pruning_tell(p, "unfinished clone", name, r, e);
}

static int prune_foreign(struct pruning *p, const char *name, struct err **e)
{
	int len, r;
	const char *owner = leftover_owner(name, &len);
	time_t since;

	r = leftover_since(p->cluster, name, &since, e);
	if (r < 0)
		return r;
	if (since + STRANGER_S > time(NULL))
		return finding_add(p->out, FINDING_OK, "another host's clone", NULL, e,
				   "%s of host %.*s stays: it is younger than an hour", name, len,
				   owner);
	r = p->dry_run ? 0 : leftover_remove_foreign(p->cluster, name, e);
	return r < 0 ? r : pruning_tell(p, "another host's clone", name, r, e);
}

static int prune_snapshot(struct pruning *p, const char *name, struct err **e)
{
	int r = p->dry_run ? 0 : leftover_remove_snapshot(p->cluster, name, &p->keeper.guard, e);

	return r < 0 ? r : pruning_tell(p, "unused snapshot", name, r, e);
}

static int remove_remains(struct pruning *p, const char *name, struct err **e)
{
	return leftover_remove_remains(p->cluster, name, e);
}

static int prune_remains(struct pruning *p, const char *name, struct err **e)
{
	int r = alone(p, name, remove_remains, e);

	return r < 0 ? r : pruning_tell(p, "incomplete image", name, r, e);
}

static int finish_deletion(struct pruning *p, const char *name, struct err **e)
{
	return leftover_finish_deletion(p->cluster, name, e);
}

static int prune_deletion(struct pruning *p, const char *name, struct err **e)
{
	int r = alone(p, name, finish_deletion, e);

	return r < 0 ? r : pruning_tell(p, "half-deleted image", name, r, e);
}

/* Alone at it, and looked at anew: what it was found by may have been an attach under way. */
static int pruning_release(struct pruning *p, const char *name, struct err **e)
{
	_cleanup_leftovers_ struct leftovers left = {0};
	_cleanup_device_list_ struct device_list devices = {0};
	_cleanup_spec_ struct spec volume = {0};
	_cleanup_hold_ struct hold mine = {0};
	int r = device_list(&devices, e);

	if (r >= 0)
		r = leftover_volume(name, &volume, e);
	if (r >= 0)
		r = find_leftovers(p->host, p->cluster, p->progress, NULL, name, &left, e);
	if (r < 0 || !left.holds.n || !is_stale_hold(&left, 0, &devices))
		return r < 0 ? r : 0;
	r = host_hold(p->host, "", &mine, e);
	return r < 0 ? r : hold_release(p->cluster, &volume, NULL, &mine, e);
}

static int prune_holds(struct pruning *p, const struct leftovers *left, struct err **e)
{
	_cleanup_device_list_ struct device_list devices = {0};
	int r = device_list(&devices, e);

	for (size_t i = 0; r >= 0 && i < left->holds.n; i++) {
		if (!is_stale_hold(left, i, &devices))
			continue;
		r = alone(p, left->holds.items[i], pruning_release, e);
		if (r >= 0)
			r = pruning_tell(p, "stale hold", left->holds.items[i], r, e);
	}
	return r;
}

static int prune_each(struct pruning *p, const struct strlist *names,
		      int (*prune)(struct pruning *p, const char *name, struct err **e),
		      struct err **e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < names->n; i++)
		r = prune(p, names->items[i], e);
	return r;
}

static int prune_all(struct pruning *p, const struct leftovers *left, bool all_hosts,
		     struct err **e)
{
	int r = prune_each(p, &left->clones, prune_clone, e);

	if (r >= 0 && all_hosts)
		r = prune_each(p, &left->foreign, prune_foreign, e);
	if (r < 0)
		return r;
	r = prune_each(p, &left->deletions, prune_deletion, e);
	if (r < 0)
		return r;
	r = prune_each(p, &left->snapshots, prune_snapshot, e);
	if (r < 0)
		return r;
	r = prune_each(p, &left->remains, prune_remains, e);
	return r < 0 ? r : prune_holds(p, left, e);
}

/* What is to be looked at: req->from as people write it, "pool/image"; NULL: everything. */
static int parent_name(struct host *h, const struct volume_request *req, char **out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	int r;

	if (!req->from)
		return 0;
	r = spec_parse(req->from, host_pool(h, req), &spec, e);
	if (r < 0)
		return r;
	if (spec.snap)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "prune takes an image, not a snapshot ('@%s')", spec.snap);
	*out = spec_format(&spec);
	return *out ? 0 : err_oom(e);
}

int volume_prune(struct host *h, const struct volume_request *req, struct progress *p,
		 struct finding_list *out, struct err **e)
{
	_cleanup_cluster_ struct cluster *c = NULL;
	_cleanup_leftovers_ struct leftovers left = {0};
	_cleanup_free_ char *parent = NULL;
	struct pruning pruning = {
		.host = h,
		.progress = p,
		.out = out,
		.dry_run = req->dry_run,
	};
	int r = parent_name(h, req, &parent, e);

	if (r >= 0)
		r = host_cluster(h, req, &c, e);
	if (r >= 0)
		r = find_leftovers(h, c, p, req->pool, parent, &left, e);
	if (r >= 0)
		r = snapshot_keeper_init(&pruning.keeper, h, c, e);
	pruning.cluster = c;
	if (r < 0)
		return r;
	r = prune_all(&pruning, &left, req->all_hosts, e);
	return r < 0 ? r : 0;
}
