/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests and answers. Whatever went wrong is status 500 with the reason in 'Err': Docker reads
 * the one, Podman the other. */
#include "docker/docker.h"
#include "base/str.h"
#include "docker/job.h"
#include "docker/names.h"
#include "docker/request.h"
#include "docker/volume.h"
#include "docker/work.h"
#include "volume/progress.h"
#include "volume/publish-users.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "daemon/json.h"

#define DOCKER_US (55 * USEC_PER_SEC)
#define GET_US	  (2 * USEC_PER_SEC)   /* for a name that is not known here: the cluster is asked */
#define BOOT_S	  300		       /* so long after it a host is still coming up */
#define IDLE_US	  (120 * USEC_PER_SEC) /* staged for a caller who did not come back */

/* --- answers --- */

static void answer_json(struct answer *a, json_t *body)
{
	a->status = 200;
	a->body = json_render(body);
}

static void answer_err(struct answer *a, const struct err *e, const char *subject)
{
	_cleanup_free_ char *text = NULL;

	(void)subject;
	a->status = 500;
	str_printf(&text, "%s%s%s", e->message, e->hint ? "; " : "", e->hint ? e->hint : "");
	a->body = text ? json_render(json_pack("{s:o}", "Err", json_text(text))) : NULL;
}

static void answer_done(struct answer *a)
{
	answer_json(a, json_pack("{s:s}", "Err", ""));
}

/* --- names --- */

/* From this host's facts alone. 1: known here; 0: not, and *out is where it would be. */
static int local_spec(const struct call *c, const char *name, struct spec *out, struct err **e)
{
	int r = docker_name_get(name, out, e);

	if (r)
		return r;
	if (spec_init(out, c->runtime->config.pool, "", name, NULL) < 0)
		return err_oom(e);
	r = publish_is_staged(out, e);
	if (r < 0)
		spec_deinit(out);
	return r;
}

/* Known here, or found in the cluster by DEADLINE. -ENOENT: in neither. */
static int any_spec(const struct call *c, const char *name, struct deadline deadline,
		    struct spec *out, struct err **e)
{
	_cleanup_free_ char *found = NULL;
	struct docker_work *w;
	int r = local_spec(c, name, out, e);

	if (r)
		return r < 0 ? r : 0;
	spec_deinit(out);
	w = docker_work_new(c->runtime, VERB_SHOW, docker_find, name, NULL);
	if (!w)
		return err_oom(e);
	r = docker_run(c->service, w, deadline, &found, e);
	return r < 0 ? r : spec_parse(found ? found : "", "", out, e);
}

/* Docker waits for one minute at least, and does not try again after its own start: so it gets its
 * answer later. */
static bool is_docker(const struct call *c)
{
	_cleanup_free_ char *comm = file_line("/proc/%d/comm", (int)c->caller);

	return comm && !strcmp(comm, "dockerd");
}

static struct deadline patience(const struct call *c)
{
	uint64_t us = c->runtime->config.plugin_timeout_us;

	return deadline_in(is_docker(c) && us < DOCKER_US ? DOCKER_US : us);
}

/* Nor does it ask again for a volume of a container that it is to start at boot, when the network
 * may be up for seconds only. */
static struct deadline patience_to_find(const struct call *c)
{
	struct timespec up;

	clock_gettime(CLOCK_BOOTTIME, &up);
	return is_docker(c) && up.tv_sec < BOOT_S ? deadline_in(DOCKER_US) : deadline_in(GET_US);
}

/* ACT on the volume SPEC, whose content is taken. */
static int perform(const struct call *c, enum verb verb,
		   int (*act)(struct docker_work *, struct progress *, struct err **),
		   const struct docker_request *r, struct spec *spec, struct deadline deadline,
		   struct err **e)
{
	struct docker_work *w = docker_work_new(c->runtime, verb, act, r->name, r->id);

	if (!w)
		return err_oom(e);
	w->spec = *spec;
	*spec = (struct spec){0};
	return docker_run(c->service, w, deadline, NULL, e);
}

/* The mount point where it is mounted, else "". The caller frees it; NULL when out of memory. */
static char *mountpoint(const struct spec *spec)
{
	_cleanup_err_ struct err *ignored = NULL;

	return publish_is_staged(spec, &ignored) > 0 ? publish_directory(spec) : strdup("");
}

/* --- handlers --- */

static void handle_activate(struct call *c, struct answer *a)
{
	(void)c;
	answer_json(a, json_pack("{s:[s]}", "Implements", "VolumeDriver"));
}

static void handle_capabilities(struct call *c, struct answer *a)
{
	(void)c;
	answer_json(a, json_pack("{s:{s:s}}", "Capabilities", "Scope", "global"));
}

/* Where no host looks for it, it would be lost at the next boot. */
static int check_place(const struct config *config, const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *place = NULL;

	if (!strcmp(spec->pool, config->pool) && !*spec->ns)
		return 0;
	if (str_printf(&place, "%s%s%s", spec->pool, *spec->ns ? "/" : "", spec->ns) < 0)
		return err_oom(e);
	if (strlist_has(&config->plugin_pools, place))
		return 0;
	err_set(e, ERR_NOT_PERMITTED, -EPERM, "this host allows no container volumes in %s", place);
	return err_hint(e, "add it to 'plugin-pools' in rbdvol.conf, on every host");
}

/* The volume that R means, and its options. */
static int prepare_create(const struct call *c, const struct docker_request *r,
			  struct docker_work *w, struct err **e)
{
	const struct config *config = &c->runtime->config;
	const struct docker_options *o = &w->options;
	int ret = docker_request_options(r, &w->options, e);

	if (ret >= 0)
		ret = docker_options_allowed(o, config, e);
	/* Created anew without options: it may be in any place. */
	if (ret >= 0 && !docker_options_any(o))
		ret = docker_name_get(r->name, &w->spec, e);
	if (ret < 0)
		return ret;
	if (!w->spec.image && spec_init(&w->spec, o->pool ? o->pool : config->pool,
					o->ns ? o->ns : "", r->name, NULL) < 0)
		return err_oom(e);
	ret = publish_spec_check(&w->spec, e);
	return ret < 0 ? ret : check_place(config, &w->spec, e);
}

static int create(struct call *c, struct err **e)
{
	_cleanup_docker_request_ struct docker_request r = {0};
	_cleanup_docker_work_ struct docker_work *w = NULL;
	int ret = docker_request_parse(c->body, c->body_len, &r, e);

	if (ret < 0)
		return ret;
	w = docker_work_new(c->runtime, VERB_CREATE, docker_create, r.name, NULL);
	if (!w)
		return err_oom(e);
	ret = prepare_create(c, &r, w, e);
	if (ret < 0)
		return ret;
	return docker_run(c->service, steal(&w), patience(c), NULL, e);
}

static int remove_volume(struct call *c, struct err **e)
{
	_cleanup_docker_request_ struct docker_request r = {0};
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *why = NULL;
	struct deadline deadline = patience(c);
	int ret = docker_request_parse(c->body, c->body_len, &r, e);

	if (ret < 0)
		return ret;
	ret = any_spec(c, r.name, deadline, &spec, &why);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0) {
		*e = steal(&why);
		return ret;
	}
	return perform(c, VERB_DELETE, docker_remove, &r, &spec, deadline, e);
}

static int mount_volume(struct call *c, char **directory, struct err **e)
{
	_cleanup_docker_request_ struct docker_request r = {0};
	_cleanup_spec_ struct spec spec = {0};
	struct deadline deadline = patience(c);
	int ret = docker_request_parse(c->body, c->body_len, &r, e);

	if (ret >= 0)
		ret = publish_user_check(r.id, e);
	if (ret >= 0)
		ret = any_spec(c, r.name, deadline, &spec, e);
	if (ret < 0)
		return ret;
	*directory = publish_directory(&spec);
	if (!*directory)
		return err_oom(e);
	return perform(c, VERB_ATTACH, docker_mount, &r, &spec, deadline, e);
}

/* Who has let go is told no failure of what is left to do: podman 4 would count a user for ever,
 * ask for no mount of the next container, and start it on a directory that is empty by then. It is
 * in the log, and tried again by docker_tend. */
static void call_let_go(const struct call *c, const struct docker_request *r, struct spec *spec)
{
	_cleanup_err_ struct err *logged = NULL;

	perform(c, VERB_DETACH, docker_let_go, r, spec, patience(c), &logged);
}

static int unmount_volume(struct call *c, struct err **e)
{
	_cleanup_docker_request_ struct docker_request r = {0};
	_cleanup_spec_ struct spec spec = {0};
	int ret = docker_request_parse(c->body, c->body_len, &r, e);

	if (ret >= 0)
		ret = publish_user_check(r.id, e);
	if (ret >= 0)
		ret = local_spec(c, r.name, &spec, e);
	if (ret <= 0)
		return ret; /* not known here: nothing of it is mounted */
	ret = publish_user_remove(&spec, r.id, e);
	if (ret >= 0)
		call_let_go(c, &r, &spec);
	return ret;
}

static void handle_create(struct call *c, struct answer *a)
{
	_cleanup_err_ struct err *e = NULL;

	if (create(c, &e) < 0)
		answer_err(a, e, NULL);
	else
		answer_done(a);
}

static void handle_remove(struct call *c, struct answer *a)
{
	_cleanup_err_ struct err *e = NULL;

	if (remove_volume(c, &e) < 0)
		answer_err(a, e, NULL);
	else
		answer_done(a);
}

static void handle_mount(struct call *c, struct answer *a)
{
	_cleanup_free_ char *directory = NULL;
	_cleanup_err_ struct err *e = NULL;

	if (mount_volume(c, &directory, &e) < 0)
		answer_err(a, e, NULL);
	else
		answer_json(a, json_pack("{s:s, s:s}", "Mountpoint", directory, "Err", ""));
}

static void handle_unmount(struct call *c, struct answer *a)
{
	_cleanup_err_ struct err *e = NULL;

	if (unmount_volume(c, &e) < 0)
		answer_err(a, e, NULL);
	else
		answer_done(a);
}

static void handle_path(struct call *c, struct answer *a)
{
	_cleanup_docker_request_ struct docker_request r = {0};
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_free_ char *directory = NULL;
	_cleanup_err_ struct err *e = NULL;

	if (docker_request_parse(c->body, c->body_len, &r, &e) < 0 ||
	    local_spec(c, r.name, &spec, &e) < 0) {
		answer_err(a, e, NULL);
		return;
	}
	directory = mountpoint(&spec);
	answer_json(a,
		    json_pack("{s:s, s:s}", "Mountpoint", directory ? directory : "", "Err", ""));
}

/* NULL: out of memory. */
static json_t *describe(const char *name, const struct spec *spec)
{
	_cleanup_free_ char *directory = mountpoint(spec), *text = spec_format(spec);
	unsigned users = 0;
	_cleanup_err_ struct err *ignored = NULL;

	if (!directory || !text)
		return NULL;
	publish_users(spec, &users, &ignored);
	return json_pack("{s:s, s:s, s:{s:o, s:i}}", "Name", name, "Mountpoint", directory,
			 "Status", "volume", json_text(text), "users", (int)users);
}

static void handle_get(struct call *c, struct answer *a)
{
	_cleanup_docker_request_ struct docker_request r = {0};
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *e = NULL;

	if (docker_request_parse(c->body, c->body_len, &r, &e) < 0 ||
	    any_spec(c, r.name, patience_to_find(c), &spec, &e) < 0)
		answer_err(a, e, NULL);
	else
		answer_json(a,
			    json_pack("{s:o, s:s}", "Volume", describe(r.name, &spec), "Err", ""));
}

static void handle_list(struct call *c, struct answer *a)
{
	_cleanup_strlist_ struct strlist names = {0};
	_cleanup_err_ struct err *e = NULL;
	json_t *volumes;

	(void)c;
	if (docker_name_list(&names, &e) < 0) {
		answer_err(a, e, NULL);
		return;
	}
	volumes = json_array();
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_spec_ struct spec spec = {0};
		_cleanup_err_ struct err *gone = NULL;

		if (docker_name_get(names.items[i], &spec, &gone) > 0)
			json_array_append_new(volumes, describe(names.items[i], &spec));
	}
	answer_json(a, json_pack("{s:o, s:s}", "Volumes", volumes, "Err", ""));
}

#define ROUTE(path, handle)                                                                        \
	{                                                                                          \
		"POST", path, VERB_JOBS, ACCESS_ROOT, handle                                       \
	}
static const struct route routes[] = {
	ROUTE("/Plugin.Activate", handle_activate),
	ROUTE("/VolumeDriver.Capabilities", handle_capabilities),
	ROUTE("/VolumeDriver.Create", handle_create),
	ROUTE("/VolumeDriver.Remove", handle_remove),
	ROUTE("/VolumeDriver.Mount", handle_mount),
	ROUTE("/VolumeDriver.Unmount", handle_unmount),
	ROUTE("/VolumeDriver.Path", handle_path),
	ROUTE("/VolumeDriver.Get", handle_get),
	ROUTE("/VolumeDriver.List", handle_list),
};

const struct front docker_front = {
	.routes = routes,
	.routes_n = ARRAY_SIZE(routes),
	.content_type = "application/vnd.docker.plugins.v1.2+json",
	.raw = true,
	.refuse = answer_err,
};

/* --- what nobody came back for --- */

void docker_tend(struct service *s)
{
	_cleanup_runtime_ struct runtime *runtime = service_runtime(s);
	_cleanup_strlist_ struct strlist idle = {0};
	_cleanup_err_ struct err *e = NULL;

	publish_idle(IDLE_US, &idle, &e);
	for (size_t i = 0; i < idle.n; i++) {
		_cleanup_docker_work_ struct docker_work *w =
			docker_work_new(runtime, VERB_DETACH, docker_let_go, idle.items[i], NULL);
		_cleanup_err_ struct err *bad = NULL;

		if (w && spec_parse(idle.items[i], "", &w->spec, &bad) >= 0)
			docker_send(s, steal(&w));
	}
}
