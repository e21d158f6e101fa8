/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volume becomes a device of this host's kernel, with options that fit cluster, kernel and
 * request. Its name is for udev to give (attach.c). */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "ceph/keyring.h"
#include "ceph/monitors.h"
#include "mapper/device.h"
#include "mapper/mapping.h"
#include "mapper/module.h"
#include "rbd/conf.h"
#include "volume/hold.h"
#include "volume/host.h"
#include "volume/map.h"
#include "volume/observe.h"
#include "volume/operation.h"
#include "volume/progress.h"
#include "volume/step.h"

/* Where the kernel waits for the cluster, it waits so long at most, in seconds (its own default is
 * for ever, or a minute a step). */
#define MAP_TIMEOUT_S "30"

#define CEPH_OPTIONS "rbd_default_map_options"

static int parse_options(struct operation *o, struct err **e)
{
	struct krbd_options *options = &o->options;
	const char *own = host_defaults(o->host)->map_options;
	_cleanup_krbd_options_ struct krbd_options configured = {0};
	int r = 0;

	if (o->req->map_options)
		r = krbd_options_parse(o->req->map_options, options, e);
	if (r < 0 || !own)
		return r;
	r = krbd_options_parse(own, &configured, e);
	if (r < 0)
		return err_wrap(e, "map-options of the configuration");
	for (size_t i = 0; i < configured.list.n; i++) {
		char *name = configured.list.items[i], *value = strchr(name, '=');

		if (value)
			*value++ = '\0';
		if (krbd_options_default(options, name, value) < 0)
			return err_oom(e);
	}
	return 0;
}

/* A step that is always done, or in error. */
static int request_fits(struct operation *o, struct err **e)
{
	int r = spec_check_mappable(o->spec, e);

	if (r < 0)
		return r;
	r = module_load(e);
	if (r < 0)
		return r;
	r = parse_options(o, e);
	return r < 0 ? r : 1;
}

/* First of all, so that nothing is changed for a request that makes no sense here. */
const struct step step_check = {"check", request_fits, NULL};

/* What 'rbd map' made has a client that other volumes may have, too. */
static bool has_own_client(const struct operation *o)
{
	return o->v->device.read_only || !device_shares_client(&o->v->device);
}

static void tell_set_read_only(struct operation *o)
{
	const struct device *d = &o->v->device;

	if (d->set_read_only && !d->read_only)
		progress_note(o->progress,
			      "%s is attached for writing, but %s was set to read-only since: "
			      "'blockdev --setrw %s' ends that",
			      o->spec->image, d->node, d->node);
}

static int map_is_done(struct operation *o, struct err **e)
{
	int r = observe_device(o, e);

	if (r <= 0)
		return r;
	if (o->v->device.read_only == operation_read_only(o)) {
		tell_set_read_only(o);
		return has_own_client(o);
	}
	err_set(e, ERR_BUSY, -EBUSY, "%s is attached already, as %s, for %s", o->spec->image,
		o->v->device.node, o->v->device.read_only ? "reading only" : "writing");
	return err_hint(e, "detach it first, or attach it %s --read-only",
			o->v->device.read_only ? "with" : "without");
}

/* A device that is not in use ends, to be mapped anew with a client of its own: then who takes the
 * volume from this host ends no other. 1: it is in use, and stays as it is. */
static int end_shared_client(struct operation *o, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	int id = o->v->device.id, r;

	r = device_unmap(&o->v->device, false, o->progress->deadline, &why);
	if (r < 0) {
		progress_note(o->progress,
			      "/dev/rbd%d keeps a client that it may share with other volumes that "
			      "'rbd map' has mapped (%s): stealing this volume from this host ends "
			      "those, too",
			      id, why->message);
		return 1;
	}
	progress_note(o->progress,
		      "/dev/rbd%d, which 'rbd map' has mapped, is mapped anew with a client of its "
		      "own",
		      id);
	return observe_device(o, e);
}

/* What 'rbd device map' would take from Ceph's configuration for this image. */
static int ceph_options(struct operation *o, struct err **e)
{
	_cleanup_free_ char *text = NULL, *names = NULL;
	_cleanup_strlist_ struct strlist left_out = {0};
	int r = image_conf(o->cluster, o->spec, CEPH_OPTIONS, &text, e);

	if (r < 0 || !text)
		return r;
	r = krbd_options_add_ceph(&o->options, text, &left_out, e);
	if (r < 0)
		return err_wrap(e, "'" CEPH_OPTIONS "' of Ceph's configuration");
	if (!left_out.n)
		return 0;
	names = strlist_join(&left_out, ", ", 0);
	progress_note(o->progress,
		      "mapped without %s of '" CEPH_OPTIONS "': rbdvol sets that itself",
		      names ? names : "some");
	return 0;
}

/* Defaults that fit this cluster, each only where nothing else was said. */
static int default_options(struct operation *o, const struct monitors *monitors, struct err **e)
{
	struct krbd_options *options = &o->options;
	const unsigned version = kernel_version();
	_cleanup_free_ char *alloc = NULL;
	uint64_t alloc_bytes = 0;
	int r = cluster_alloc_size(o->cluster, &alloc_bytes, e);

	if (r < 0)
		return r;
	if (alloc_bytes && str_printf(&alloc, "%llu", (unsigned long long)alloc_bytes) < 0)
		return err_oom(e);
	if (monitors->v2)
		r = krbd_options_try(options, version, "ms_mode", "prefer-crc");
	if (r >= 0 && alloc)
		r = krbd_options_try(options, version, "alloc_size", alloc);
	if (r >= 0)
		r = krbd_options_try(options, version, "abort_on_full", NULL);
	if (r >= 0)
		r = krbd_options_try(options, version, "lock_timeout", MAP_TIMEOUT_S);
	if (r >= 0)
		r = krbd_options_try(options, version, "mount_timeout", MAP_TIMEOUT_S);
	return r < 0 ? err_oom(e) : 0;
}

/* Any ms_mode but legacy speaks to the monitors' v2 addresses. */
static bool speaks_v2(const struct krbd_options *options)
{
	const char *mode = krbd_options_value(options, "ms_mode");

	return mode && strcmp(mode, "legacy") != 0;
}

static int choose_monitors(struct operation *o, const struct monitors *monitors, const char **out,
			   struct err **e)
{
	bool v2 = speaks_v2(&o->options);

	*out = v2 ? monitors->v2 : monitors->v1;
	if (*out)
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"no monitor of the cluster speaks %s, needed to map %s", v2 ? "msgr2" : "msgr1",
		o->spec->image);
	return err_hint(e, v2 ? "attach it with -o ms_mode=legacy"
			      : "attach it with -o ms_mode=prefer-crc (Linux 5.11)");
}

static int map_with(struct operation *o, const struct monitors *monitors, struct err **e)
{
	_cleanup_secret_ struct secret secret = {0};
	char fsid[FSID_LEN + 1];
	struct map_request m = {
		.spec = o->spec,
		.user = cluster_user(o->cluster),
		.secret = &secret,
		.read_only = operation_read_only(o),
		.options = &o->options,
	};
	int r = choose_monitors(o, monitors, &m.monitors, e);

	if (r >= 0)
		r = cluster_secret(o->cluster, &secret, e);
	if (r >= 0)
		r = cluster_fsid(o->cluster, fsid, e);
	/* As late as can be: this host may have stood still, and been robbed, since it took it. */
	if (r < 0)
		return r;
	r = hold_check_kept(o, e);
	if (r < 0)
		return r;
	m.key = (struct device_key){fsid, o->v->image.pool_id, o->v->image.id, o->v->image.snap_id};
	r = device_map(&m, &o->v->device, e);
	o->mapped_here = o->v->attached = r >= 0;
	return r == -ESHUTDOWN ? hold_explain_loss(o, e) : r;
}

/* Once without the defaults that this kernel may not know, if it has refused them. */
static int map_without_doubts(struct operation *o, const struct monitors *monitors, struct err **e)
{
	_cleanup_err_ struct err *refused = steal(e);

	if (!o->options.doubts.n)
		return (*e = steal(&refused))->code;
	krbd_options_drop_doubts(&o->options);
	return map_with(o, monitors, e);
}

static int map_it(struct operation *o, struct err **e)
{
	_cleanup_monitors_ struct monitors monitors = {0};
	int r = o->v->attached ? end_shared_client(o, e) : 0;

	if (r)
		return r < 0 ? r : 0;
	r = cluster_monitors(o->cluster, &monitors, e);
	if (r < 0)
		return r;
	r = ceph_options(o, e);
	if (r < 0)
		return r;
	r = default_options(o, &monitors, e);
	if (r < 0)
		return r;
	r = map_with(o, &monitors, e);
	return r == -EINVAL ? map_without_doubts(o, &monitors, e) : r;
}

const struct step step_map = {"map", map_is_done, map_it};
