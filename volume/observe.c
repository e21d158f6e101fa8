/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the cluster and this host say of a volume. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "mapper/device.h"
#include "mapper/filesystems.h"
#include "mapper/mapping.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"
#include "volume/host.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

int observe_image(struct operation *o, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	int r;

	image_info_deinit(&o->v->image);
	o->v->in_cluster = false;
	r = image_info(o->cluster, o->spec, &o->v->image, &why);
	if (r == -ENOENT) {
		err_free(o->missing);
		o->missing = steal(&why);
		return 0;
	}
	if (r < 0) {
		*e = steal(&why);
		return r;
	}
	o->v->in_cluster = true;
	return 1;
}

int not_found(struct operation *o, struct err **e)
{
	*e = steal(&o->missing);
	return (*e)->code;
}

/* The cluster that was asked may have an image of the same names. */
static int check_meant(const struct operation *o, const char *fsid, struct err **e)
{
	const struct device *d = &o->meant;

	if (!strcmp(d->fsid, fsid)) {
		if (!o->v->in_cluster || !strcmp(d->image_id, o->v->image.id))
			return 0;
		return err_set(e, ERR_FAILED, -ESTALE,
			       "%s is of another image, which had the name %s when it was mapped",
			       d->node, o->spec->image);
	}
	err_set(e, ERR_USAGE, -EXDEV, "%s is of cluster %s, not of %s", d->node, d->fsid, fsid);
	return err_hint(e, "give --cluster NAME");
}

static int find_meant(struct operation *o, struct err **e)
{
	const struct device_key key = device_key(&o->meant);
	char fsid[FSID_LEN + 1];
	int r = 0;

	if (o->v->in_cluster)
		r = cluster_fsid(o->cluster, fsid, e);
	if (r >= 0 && (o->v->in_cluster || cluster_fsid_configured(o->cluster, fsid)))
		r = check_meant(o, fsid, e);
	return r < 0 ? r : device_find(&key, &o->v->device, e);
}

static int find_device(struct operation *o, struct err **e)
{
	char fsid[FSID_LEN + 1];
	struct device_key key;
	int r;

	if (o->meant.node)
		return find_meant(o, e);
	if (!o->v->in_cluster)
		return device_find_spec(o->spec,
					cluster_fsid_configured(o->cluster, fsid) ? fsid : NULL,
					&o->v->device, e);
	r = cluster_fsid(o->cluster, fsid, e);
	if (r < 0)
		return r;
	key = (struct device_key){fsid, o->v->image.pool_id, o->v->image.id, o->v->image.snap_id};
	return device_find(&key, &o->v->device, e);
}

/* Why another device has the same names. */
static const char *whose(const struct device *other, const struct device *d)
{
	if (strcmp(other->fsid, d->fsid) != 0)
		return ", of another cluster";
	if (strcmp(other->image_id, d->image_id) != 0)
		return ", of another image, which had the name when it was attached";
	return "";
}

int observe_device(struct operation *o, struct err **e)
{
	int r;

	device_deinit(&o->v->device);
	strlist_deinit(&o->v->mounts);
	o->v->attached = false;
	r = find_device(o, e);
	if (r <= 0)
		return r;
	o->v->attached = true;
	r = device_mounts(&o->v->device, &o->v->mounts, e);
	return r < 0 ? r : 1;
}

void note_unreached(struct operation *o, const char *what, const struct mounted_list *mounts)
{
	for (size_t i = 0; i < mounts->unreached.n; i++)
		progress_note(o->progress, "%s was %s", what, mounts->unreached.items[i]);
}

void operation_note_link(struct operation *o)
{
	static const char by_id[] = "/dev/rbdvol/by-id/";
	_cleanup_free_ char *name = spec_link_name(&o->v->device.spec), *path = NULL;
	_cleanup_device_ struct device other = {0};
	_cleanup_err_ struct err *ignored = NULL;
	const char *link = o->v->device.link;

	if (!name || !link || strncmp(link, by_id, strlen(by_id)) != 0)
		return;
	if (str_printf(&path, "/dev/rbdvol/%s", name) < 0)
		return;
	if (access(path, F_OK))
		progress_note(o->progress, "there is no %s: %s leads to this one", path, link);
	else if (device_find_path(path, &other, &ignored) < 0)
		progress_note(o->progress, "%s belongs to another device: %s leads to this one",
			      path, link);
	else
		progress_note(o->progress,
			      "%s belongs to another device, %s%s: %s leads to this one", path,
			      other.node, whose(&other, &o->v->device), link);
}

int observe_hold(struct operation *o, struct err **e)
{
	const char *address = o->v->attached ? o->v->device.client_address : "";
	_cleanup_hold_ struct hold mine = {0};
	int r = host_hold(o->host, address, &mine, e);

	hold_deinit(&o->v->hold);
	o->v->held = false;
	if (r >= 0)
		r = hold_get(o->cluster, o->spec, &mine, &o->v->hold, e);
	if (r <= 0)
		return r;
	o->v->held = true;
	o->v->hold_owner = hold_owner(&o->v->hold, &mine);
	return 1;
}

/* Its users are what is to end before it can be detached. */
static int say_attached(struct operation *o, struct err **e)
{
	_cleanup_strlist_ struct strlist users = {0};
	_cleanup_err_ struct err *ignored = NULL;
	_cleanup_free_ char *who = NULL;
	const char *node = o->v->device.node;

	if (device_lasting_users(&o->v->device, &users, &ignored) >= 0)
		who = strlist_join(&users, "; ", 0);
	err_set(e, ERR_BUSY, -EBUSY, "%s is attached to this host as %s%s%s", o->spec->image, node,
		who && *who ? ": " : "", who && *who ? who : "");
	return err_hint(e, "rbdvol detach %s", node);
}

static int refuse_attached(struct operation *o, struct err **e)
{
	int r = observe_device(o, e);

	if (r <= 0)
		return r;
	return say_attached(o, e);
}

int find_detached(struct operation *o, struct err **e)
{
	int r = operation_connect(o, e);

	if (r >= 0)
		r = observe_image(o, e);
	if (r <= 0)
		return r < 0 ? r : not_found(o, e);
	return refuse_attached(o, e);
}
