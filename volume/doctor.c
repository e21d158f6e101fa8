/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each check adds what it found and goes on; only what keeps the doctor itself from working (no
 * memory) ends it. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "ceph/caps.h"
#include "mapper/device.h"
#include "mapper/mapping.h"
#include "mapper/module.h"
#include "mapper/rules.h"
#include "rbd/feature-bits.h"
#include "rbd/leftover.h"
#include "volume/finding.h"
#include "volume/host.h"
#include "volume/progress.h"
#include "volume/prune.h"

struct examination {
	struct host *host;
	const struct volume_request *req;
	struct progress *progress;
	struct cluster *cluster;
	struct finding_list *out;
};

/* WHY as a finding of LEVEL. */
static int add_error(struct examination *x, enum finding_level level, const char *about,
		     const struct err *why, struct err **e)
{
	return finding_add(x->out, level, about, why->hint, e, "%s", why->message);
}

static int check_kernel(struct examination *x, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	_cleanup_free_ char *names = NULL;
	uint64_t features;

	if (module_features(&features, &why) < 0)
		return add_error(x, FINDING_ERROR, "kernel", why, e);
	names = image_features_format(features);
	if (!names)
		return err_oom(e);
	return finding_add(x->out, FINDING_OK, "kernel", NULL, e,
			   "the rbd driver is available; it maps images with %s", names);
}

static int check_udev(struct examination *x, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	_cleanup_free_ char *path = NULL;

	if (rules_in_force(&path, &why) < 0)
		return add_error(x, FINDING_ERROR, "udev", why, e);
	return finding_add(x->out, FINDING_OK, "udev", NULL, e, "systemd-udevd has %s", path);
}

/* Also tells of the keyring: without a key there is no connection. */
static int check_cluster(struct examination *x, bool *connected, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;

	*connected = cluster_connect(x->cluster, &why) >= 0;
	if (!*connected)
		return add_error(x, FINDING_ERROR, "cluster", why, e);
	return finding_add(x->out, FINDING_OK, "cluster", NULL, e, "%s answers client.%s",
			   cluster_monitors_configured(x->cluster), cluster_user(x->cluster));
}

static int lack(struct examination *x, const char *what, const char *pool, struct err **e)
{
	const char *user = cluster_user(x->cluster), *ns = strchr(pool, '/');
	_cleanup_free_ char *advice = NULL;

	if (str_printf(&advice,
		       "ceph auth caps client.%s mon 'profile rbd' osd 'profile rbd pool=%.*s%s%s' "
		       "(and what it has for other pools; see 'ceph auth get client.%s'); --pool "
		       "POOL[/NAMESPACE] looks at another pool",
		       user, (int)strcspn(pool, "/"), pool, ns ? " namespace=" : "",
		       ns ? ns + 1 : "", user) < 0)
		return err_oom(e);
	return finding_add(x->out, FINDING_ERROR, "capabilities", advice, e, "client.%s may not %s",
			   user, what);
}

/* One capability: R as of caps.h. */
static int add_cap(struct examination *x, int r, const struct err *why, const char *may,
		   const char *pool, struct err **e)
{
	if (r < 0)
		return add_error(x, FINDING_ERROR, "capabilities", why, e);
	if (!r)
		return lack(x, may, pool, e);
	return finding_add(x->out, FINDING_OK, "capabilities", NULL, e, "client.%s may %s",
			   cluster_user(x->cluster), may);
}

/* *answers: false where the rest would wait for nothing, too. */
static int check_caps(struct examination *x, bool *answers, struct err **e)
{
	_cleanup_err_ struct err *no_read = NULL, *no_write = NULL, *no_blocklist = NULL;
	_cleanup_free_ char *reads = NULL, *writes = NULL;
	const char *pool = host_pool(x->host, x->req);
	int r;

	if (str_printf(&reads, "read in pool '%s'", pool) < 0 ||
	    str_printf(&writes, "write in pool '%s'", pool) < 0)
		return err_oom(e);
	r = caps_read(x->cluster, pool, &no_read);
	*answers = r >= 0 || no_read->kind != ERR_UNREACHABLE;
	if (r < 0) /* no pool, or no answer: the rest would say the same */
		return add_error(x, FINDING_ERROR, "capabilities", no_read, e);
	r = add_cap(x, r, NULL, reads, pool, e);
	if (r >= 0) {
		int may = caps_write(x->cluster, pool, &no_write);

		r = add_cap(x, may, no_write, writes, pool, e);
	}
	if (r >= 0) {
		int may = caps_may_blocklist(x->cluster, &no_blocklist);

		r = add_cap(x, may, no_blocklist, "blocklist a dead owner of a volume", pool, e);
	}
	return r;
}

/* By its name, or where the image has another already by the client that its hold names. */
static bool is_held(const struct leftovers *left, const struct device *d, const char *name)
{
	return strlist_has(&left->holds, name) ||
	       strlist_has(&left->hold_clients, d->client_address);
}

/* NAME is being attached, detached or the like this moment. */
static bool is_under_way(struct examination *x, const struct spec *spec)
{
	return image_is_locked(host_image_locks(x->host), spec);
}

static int check_stale_holds(struct examination *x, const struct leftovers *left,
			     const struct device_list *devices, struct err **e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < left->holds.n; i++) {
		_cleanup_spec_ struct spec volume = {0};

		r = leftover_volume(left->holds.items[i], &volume, e);
		if (r >= 0 && is_stale_hold(left, i, devices) && !is_under_way(x, &volume))
			r = finding_add(x->out, FINDING_WARNING, "hold", "rbdvol prune releases it",
					e, "%s is held by this host, but not attached",
					left->holds.items[i]);
	}
	return r;
}

static int check_device(struct examination *x, const struct leftovers *left, const struct device *d,
			const char *fsid, struct err **e)
{
	_cleanup_free_ char *name = spec_format(&d->spec);
	int r = 0;

	if (!name)
		return err_oom(e);
	if (is_under_way(x, &d->spec))
		return 0;
	if (!d->read_only && !strcmp(d->fsid, fsid) && !is_held(left, d, name) &&
	    (!x->req->pool || !strcmp(x->req->pool, d->spec.pool)))
		r = finding_add(x->out, FINDING_WARNING, "hold",
				"rbdvol attach it: then no other host writes it by accident", e,
				"%s (%s) is mapped for writing, but not held", name, d->node);
	if (r >= 0 && !d->link)
		r = finding_add(x->out, FINDING_WARNING, "udev", "udevadm trigger --settle on it",
				e, "%s (%s) has no link below /dev/rbdvol", name, d->node);
	return r;
}

/* Devices against holds, both ways. Those of other clusters cannot be judged here. */
static int check_holds(struct examination *x, const struct leftovers *left,
		       const struct device_list *devices, struct err **e)
{
	char fsid[FSID_LEN + 1];
	int r = cluster_fsid(x->cluster, fsid, e);

	if (r >= 0)
		r = check_stale_holds(x, left, devices, e);
	for (size_t i = 0; r >= 0 && i < devices->n; i++)
		r = check_device(x, left, &devices->items[i], fsid, e);
	return r < 0 ? r : 0;
}

static int add_leftovers(struct examination *x, const char *about, const struct strlist *names,
			 struct err **e)
{
	int r = 0;

	for (size_t i = 0; !r && i < names->n; i++)
		r = finding_add(x->out, FINDING_WARNING, about, "rbdvol prune removes it", e,
				"%s is not used by any clone", names->items[i]);
	return r;
}

static int add_foreign(struct examination *x, const char *name, struct err **e)
{
	char when[64] = "an unknown time";
	int len, r;
	const char *owner = leftover_owner(name, &len);
	time_t since;
	struct tm tm;

	r = leftover_since(x->cluster, name, &since, e);
	if (r < 0)
		return r;
	if (since && localtime_r(&since, &tm))
		strftime(when, sizeof(when), "%F %T %z", &tm);
	return finding_add(x->out, FINDING_WARNING, "another host's clone",
			   "if that host does not come back: rbdvol prune --all-hosts", e,
			   "%s is an unfinished clone of host %.*s since %s", name, len, owner,
			   when);
}

static int add_remains(struct examination *x, const struct leftovers *left, struct err **e)
{
	int r = 0;

	for (size_t i = 0; !r && i < left->foreign.n; i++)
		r = add_foreign(x, left->foreign.items[i], e);
	for (size_t i = 0; !r && i < left->remains.n; i++)
		r = finding_add(
			x->out, FINDING_WARNING, "incomplete image", "rbdvol prune removes it", e,
			"%s is not an image any more, or not yet: its creation or deletion was "
			"interrupted",
			left->remains.items[i]);
	for (size_t i = 0; !r && i < left->wipes.n; i++) {
		_cleanup_free_ char *advice = NULL;

		if (str_printf(&advice, "rbdvol wipe %s --algorithm trim completes it",
			       left->wipes.items[i]) < 0)
			return err_oom(e);
		r = finding_add(x->out, FINDING_WARNING, "wipe", advice, e,
				"%s is erased in part: a wipe of it was interrupted",
				left->wipes.items[i]);
	}
	return r;
}

static int add_deletions(struct examination *x, const struct strlist *names, struct err **e)
{
	int r = 0;

	for (size_t i = 0; !r && i < names->n; i++)
		r = finding_add(
			x->out, FINDING_WARNING, "half-deleted image", "rbdvol prune removes it", e,
			"the deleted image %s still takes space: its deletion was interrupted",
			names->items[i]);
	return r;
}

static int add_unproved(struct examination *x, const struct strlist *names, struct err **e)
{
	int r = 0;

	for (size_t i = 0; !r && i < names->n; i++)
		r = finding_add(x->out, FINDING_WARNING, "leftover with data",
				"if it is to go: rbd rm; else give it another name", e,
				"%s is named or incomplete like a leftover, but has data: prune "
				"leaves it alone",
				names->items[i]);
	return r;
}

/* Nothing proves whose they are, so they are for people to judge. */
static int add_old_snapshots(struct examination *x, const struct strlist *names, struct err **e)
{
	int r = 0;

	for (size_t i = 0; !r && i < names->n; i++)
		r = finding_add(x->out, FINDING_OK, "snapshot", "if it is not needed: rbd snap rm",
				e,
				"%s has no clones; an older rbdvol took it, or somebody gave it "
				"such a name, so prune leaves it alone",
				names->items[i]);
	return r;
}

/* What is left over, as far as it was FOUND. */
static int add_found(struct examination *x, const struct leftovers *found, struct err **e)
{
	int r = add_leftovers(x, "unfinished clone", &found->clones, e);

	if (r < 0)
		return r;
	r = add_leftovers(x, "unused snapshot", &found->snapshots, e);
	if (r < 0)
		return r;
	r = add_remains(x, found, e);
	if (r < 0)
		return r;
	r = add_deletions(x, &found->deletions, e);
	return r < 0 ? r : add_unproved(x, &found->unproved, e);
}

/* A search that ends early is a finding beside those that it made; which devices are not held only
 * a whole one can say. */
static int check_leftovers(struct examination *x, struct err **e)
{
	_cleanup_leftovers_ struct leftovers left = {0};
	_cleanup_device_list_ struct device_list devices = {0};
	_cleanup_err_ struct err *why = NULL;
	size_t before = x->out->n;
	int r = device_list(&devices, &why);

	if (r >= 0)
		r = find_leftovers(x->host, x->cluster, x->progress, x->req->pool, NULL, &left,
				   &why);
	r = r < 0 ? add_error(x, FINDING_ERROR, "leftovers", why, e)
		  : check_holds(x, &left, &devices, e);
	if (r >= 0)
		r = add_found(x, &left, e);
	if (r >= 0 && x->out->n == before)
		r = finding_add(x->out, FINDING_OK, "leftovers", NULL, e,
				"nothing is left over, and devices and holds agree");
	return r < 0 ? r : add_old_snapshots(x, &left.old_snapshots, e);
}

/* What the cluster says. */
static int check_remote(struct examination *x, struct err **e)
{
	bool answers = false;
	int r = check_cluster(x, &answers, e);

	if (r >= 0 && answers)
		r = check_caps(x, &answers, e);
	return r < 0 || !answers ? r : check_leftovers(x, e);
}

/* Each call to the cluster has its time, and so has all of it; that one passes is a finding. */
int volume_doctor(struct host *h, const struct volume_request *req, struct progress *p,
		  struct finding_list *out, struct err **e)
{
	_cleanup_cluster_ struct cluster *c = NULL;
	_cleanup_err_ struct err *why = NULL;
	struct examination x = {.host = h, .req = req, .progress = p, .out = out};
	int r = check_kernel(&x, e);

	if (r < 0)
		return r;
	r = check_udev(&x, e);
	if (r < 0)
		return r;
	if (host_cluster_to_look(h, req, &c, &why) < 0)
		return add_error(&x, FINDING_ERROR, "cluster", why, e);
	x.cluster = c;
	r = check_remote(&x, e);
	return r < 0 ? r : 0;
}
