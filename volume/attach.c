/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a volume to a named block device on this host: cloned where it must be, held, mapped, named.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "mapper/module.h"
#include "volume/operation.h"

/* Where the kernel waits for the cluster, it waits so long at most, in seconds (its own default is
 * for ever, or a minute a step). */
#define MAP_TIMEOUT_S "30"
/* How long an attach that failed may take to let go of what it mapped. */
#define UNDO_US (20 * USEC_PER_SEC)

static bool read_only(const struct operation *o)
{
	return o->req->read_only || o->spec->snap;
}

/* --- the image can be mapped by this kernel --- */

static int features_fit(struct operation *o, struct err **e)
{
	_cleanup_free_ char *names = NULL, *spec = NULL;
	uint64_t features, lacking;
	int r = module_features(&features, e);

	if (r < 0)
		return r;
	lacking = o->v->image.features & ~features;
	if (!lacking)
		return 1;
	names = image_features_format(lacking);
	spec = spec_format(o->spec);
	if (!names || !spec)
		return err_oom(e);
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"this host's kernel can't map %s: it lacks the image's features %s", spec, names);
	for (char *c = names; *c; c++)
		if (*c == ',')
			*c = ' ';
	return err_hint(e, "rbd feature disable %s %s", spec, names);
}

/* --- this host holds it --- */

static bool is_ours(const struct operation *o)
{
	const struct host_identity *id = host_identity(o->host);

	return o->v->held && !strcmp(o->v->hold.host, id->id) &&
	       !strcmp(o->v->hold.boot_id, id->boot_id) && o->v->hold.shared == o->req->shared;
}

static int is_held(struct operation *o, struct err **e)
{
	int r;

	if (read_only(o))
		return 1;
	r = observe_hold(o, e);
	return r < 0 ? r : r && is_ours(o);
}

static int take_hold(struct operation *o, const char *client_address, struct err **e)
{
	const struct host_identity *id = host_identity(o->host);
	const struct hold mine = {
		.host = (char *)id->id,
		.host_name = id->name,
		.boot_id = (char *)id->boot_id,
		.client_address = (char *)client_address,
		.since = time(NULL),
		.shared = o->req->shared,
	};

	return hold_take(o->cluster, o->spec, &mine, e);
}

static int hold_it(struct operation *o, struct err **e)
{
	int r = take_hold(o, "", e);

	o->held_here = r >= 0;
	return r;
}

/* --- the kernel has it --- */

static int is_mapped(struct operation *o, struct err **e)
{
	int r = observe_device(o, e);

	if (r <= 0)
		return r;
	if (o->v->device.read_only == read_only(o))
		return 1;
	err_set(e, ERR_BUSY, -EBUSY, "%s is attached already, as %s, for %s", o->spec->image,
		o->v->device.node, o->v->device.read_only ? "reading only" : "writing");
	return err_hint(e, "detach it first, or attach it %s --read-only",
			o->v->device.read_only ? "with" : "without");
}

static int parse_options(struct operation *o, struct krbd_options *options, struct err **e)
{
	const char *own = host_defaults(o->host)->map_options;
	_cleanup_krbd_options_ struct krbd_options configured = {0};
	int r = 0;

	if (o->req->map_options)
		r = krbd_options_parse(o->req->map_options, kernel_version(), options, e);
	if (r < 0 || !own)
		return r;
	r = krbd_options_parse(own, kernel_version(), &configured, e);
	if (r < 0)
		return err_wrap(e, "map-options of the configuration");
	for (size_t i = 0; i < configured.list.n; i++) {
		char *name = configured.list.items[i], *value = strchr(name, '=');

		if (value)
			*value++ = '\0';
		if (krbd_options_default(options, kernel_version(), name, value) < 0)
			return err_oom(e);
	}
	return 0;
}

/* Defaults that fit this cluster and this kernel, each only where the kernel knows it and nothing
 * else was said. */
static int default_options(struct operation *o, const struct monitors *monitors,
			   struct krbd_options *options, struct err **e)
{
	const unsigned version = kernel_version();
	_cleanup_free_ char *alloc = NULL;
	uint64_t alloc_bytes = 0;
	int r = cluster_alloc_size(o->cluster, &alloc_bytes, e);

	if (r < 0)
		return r;
	if (alloc_bytes && asprintf(&alloc, "%llu", (unsigned long long)alloc_bytes) < 0)
		return err_oom(e);
	if (monitors->v2)
		r = krbd_options_default(options, version, "ms_mode", "prefer-crc");
	if (r >= 0 && alloc)
		r = krbd_options_default(options, version, "alloc_size", alloc);
	if (r >= 0)
		r = krbd_options_default(options, version, "abort_on_full", NULL);
	if (r >= 0)
		r = krbd_options_default(options, version, "lock_timeout", MAP_TIMEOUT_S);
	if (r >= 0)
		r = krbd_options_default(options, version, "mount_timeout", MAP_TIMEOUT_S);
	return r < 0 ? err_oom(e) : 0;
}

/* Any ms_mode but legacy speaks to the monitors' v2 addresses. */
static bool speaks_v2(const struct krbd_options *options)
{
	for (size_t i = 0; i < options->list.n; i++)
		if (!strncmp(options->list.items[i], "ms_mode=", 8))
			return strcmp(options->list.items[i] + 8, "legacy") != 0;
	return false;
}

static int choose_monitors(struct operation *o, const struct monitors *monitors,
			   const struct krbd_options *options, const char **out, struct err **e)
{
	*out = speaks_v2(options) ? monitors->v2 : monitors->v1;
	if (*out)
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EOPNOTSUPP,
		"no monitor of the cluster speaks %s, needed to map %s",
		speaks_v2(options) ? "msgr2" : "msgr1", o->spec->image);
	return err_hint(e, speaks_v2(options)
				   ? "attach it with -o ms_mode=legacy"
				   : "attach it with -o ms_mode=prefer-crc (Linux 5.11)");
}

static int map_with(struct operation *o, const struct monitors *monitors,
		    const struct krbd_options *options, struct err **e)
{
	_cleanup_secret_ struct secret secret = {0};
	char fsid[FSID_LEN + 1];
	struct map_request m = {
		.spec = o->spec,
		.user = cluster_user(o->cluster),
		.secret = &secret,
		.read_only = read_only(o),
		.options = options,
	};
	int r = choose_monitors(o, monitors, options, &m.monitors, e);

	if (r >= 0)
		r = cluster_secret(o->cluster, &secret, e);
	if (r >= 0)
		r = cluster_fsid(o->cluster, fsid, e);
	if (r < 0)
		return r;
	m.key = (struct device_key){fsid, o->v->image.pool_id, o->v->image.id, o->v->image.snap_id};
	r = device_map(&m, o->progress->deadline, &o->v->device, e);
	o->mapped_here = o->v->attached = r >= 0;
	return r;
}

static int map_it(struct operation *o, struct err **e)
{
	_cleanup_krbd_options_ struct krbd_options options = {0};
	_cleanup_monitors_ struct monitors monitors = {0};
	int r = parse_options(o, &options, e);

	if (r >= 0)
		r = cluster_monitors(o->cluster, &monitors, e);
	if (r >= 0)
		r = default_options(o, &monitors, &options, e);
	return r < 0 ? r : map_with(o, &monitors, &options, e);
}

/* --- the hold says which client writes --- */

static int is_recorded(struct operation *o, struct err **e)
{
	(void)e;
	return read_only(o) || (o->v->held && is_ours(o) &&
				!strcmp(o->v->hold.client_address, o->v->device.client_address));
}

static int record_client(struct operation *o, struct err **e)
{
	int r = take_hold(o, o->v->device.client_address, e);

	return r < 0 ? r : observe_hold(o, e) < 0 ? (*e)->code : 0;
}

/* --- udev has named it --- */

static int is_named(struct operation *o, struct err **e)
{
	(void)e;
	return o->v->device.link != NULL;
}

static int name_it(struct operation *o, struct err **e)
{
	return device_wait_ready(&o->v->device, o->progress->deadline, e);
}

static const struct step *const steps[] = {
	&step_volume,
	&(const struct step){"features", features_fit, NULL},
	&(const struct step){"hold", is_held, hold_it},
	&(const struct step){"map", is_mapped, map_it},
	&(const struct step){"record", is_recorded, record_client},
	&(const struct step){"name", is_named, name_it},
};

/* Let go of what would block others; the clone stays for the next attempt. */
static void undo(struct operation *o)
{
	_cleanup_err_ struct err *unmap = NULL, *release = NULL;

	if (o->mapped_here &&
	    device_unmap(&o->v->device, false, deadline_in(UNDO_US), &unmap) < 0) {
		progress_note(o->progress, "it stays mapped as %s: %s", o->v->device.node,
			      unmap->message);
		return;
	}
	if (o->held_here && hold_let_go(o, &release) < 0)
		progress_note(o->progress, "it stays held by this host: %s", release->message);
}

int volume_attach(struct host *h, const struct spec *spec, const struct volume_request *req,
		  struct progress *p, struct volume_info *out, struct err **e)
{
	_cleanup_operation_ struct operation o = {0};
	int r = operation_init(&o, h, spec, req, p, out, e);

	if (r >= 0)
		r = steps_run(steps, ARRAY_SIZE(steps), &o, e);
	if (r < 0)
		undo(&o);
	return r;
}
