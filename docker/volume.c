/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the runtimes' requests do to volumes, each as a job's work. The options that a volume was
 * created with are noted on it in the cluster; nothing else is remembered. */
#include <errno.h>
#include <string.h>

#include "docker/job.h"
#include "docker/names.h"
#include "docker/volume.h"
#include "docker/work.h"
#include "volume/alive.h"
#include "volume/progress.h"
#include "volume/publish-notes.h"
#include "volume/publish-users.h"

/* --- where a name leads --- */

enum { FOUND_NOTHING, FOUND_NOTED, FOUND_PLAIN };

/* The volume NAME in PLACE, "POOL" or "POOL/NAMESPACE". */
static int spec_in(const char *place, const char *name, struct spec *out, struct err **e)
{
	size_t len = strcspn(place, "/");
	_cleanup_free_ char *pool = strndup(place, len);

	if (!pool || spec_init(out, pool, place[len] ? place + len + 1 : "", name, NULL) < 0)
		return err_oom(e);
	return 0;
}

/* FOUND_NOTED: there is an image SPEC that was made for a runtime; FOUND_PLAIN: there is one. */
static int docker_volume_look(struct docker_work *w, const struct spec *spec, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	_cleanup_free_ char *note = NULL;
	int r = publish_note_get(w->runtime->host, spec, DOCKER_NOTE, &note, &why);

	if (r >= 0)
		return r ? FOUND_NOTED : FOUND_PLAIN;
	if (r == -ENOENT)
		return FOUND_NOTHING;
	*e = steal(&why);
	return r;
}

/* Is there a volume of that name? In the configured pool it may be anything, in the other places
 * that are configured it was made for a runtime; the first that has one is taken. Nowhere else:
 * whoever may write to another pool could put a volume under any name. */
static int docker_volume_find(struct docker_work *w, struct spec *out, struct err **e)
{
	const struct config *config = &w->runtime->config;
	int r = spec_init(out, config->pool, "", w->name, NULL) < 0 ? err_oom(e) : 0;

	if (!r)
		r = docker_volume_look(w, out, e);
	for (size_t i = 0; r == FOUND_NOTHING && i < config->plugin_pools.n; i++) {
		spec_deinit(out);
		r = spec_in(config->plugin_pools.items[i], w->name, out, e);
		if (!r)
			r = docker_volume_look(w, out, e);
		if (r == FOUND_PLAIN)
			r = FOUND_NOTHING;
	}
	if (r <= 0)
		spec_deinit(out);
	return r;
}

static int no_volume(const struct docker_work *w, struct err **e)
{
	return err_set(e, ERR_NOT_FOUND, -ENOENT, "no such volume: %s", w->name);
}

int docker_find(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	int r = docker_volume_find(w, &spec, e);

	(void)p;
	if (r < 0 || r == FOUND_NOTHING)
		return r < 0 ? r : no_volume(w, e);
	w->found = spec_format(&spec);
	return w->found ? docker_name_put(w->name, &spec, e) : err_oom(e);
}

/* --- create --- */

static int refuse_other_place(struct docker_work *w, const struct spec *found, struct err **e)
{
	_cleanup_free_ char *has = spec_format(found);

	err_set(e, ERR_EXISTS, -EEXIST, "a volume '%s' exists already, as %s", w->name,
		has ? has : "?");
	return err_hint(e, "container runtimes identify volumes by name: choose another name");
}

/* 1: the volume is there, with its options noted as they are now given. */
static int is_created(struct docker_work *w, struct err **e)
{
	_cleanup_free_ char *noted = NULL, *text = docker_options_format(&w->options);
	int r = publish_note_get(w->runtime->host, &w->spec, DOCKER_NOTE, &noted, e);

	if (!text)
		return err_oom(e);
	if (r <= 0 || !docker_options_any(&w->options) || !strcmp(noted, text))
		return r;
	for (char *c = noted; *c; c++)
		if (*c == '\n')
			*c = ' ';
	err_set(e, ERR_EXISTS, -EEXIST, "volume %s exists already, with other options: %s", w->name,
		*noted ? noted : "none");
	return err_hint(e,
			"remove it first, or create it without options to keep the present ones");
}

static int no_parent(struct docker_work *w, struct err **e)
{
	_cleanup_free_ char *text = spec_format(&w->spec);

	err_set(e, ERR_NOT_FOUND, -ENOENT, "there is no volume %s", text ? text : "?");
	return err_hint(e, "give an option to make it: from=PARENT or size=SIZE");
}

/* The image, as the options want it. ABSENT: there is none. What was made and then cut off before
 * it was noted on the image is known by the mark that is left here. */
static int docker_volume_make(struct docker_work *w, bool absent, struct progress *p,
			      struct err **e)
{
	_cleanup_volume_info_ struct volume_info v = {0};
	const struct volume_request req = {
		.from = w->options.from,
		.size_bytes = w->options.size_bytes,
	};
	int r = absent ? docker_name_begin(w->name, &w->spec, e) : 0;

	if (r < 0)
		return r;
	r = volume_create(w->runtime->host, &w->spec, &req, p, &v, e);
	if (r < 0)
		return r;
	return docker_name_is_begun(w->name, &w->spec)
		       ? publish_made_set(w->runtime->host, &w->spec, true, e)
		       : 0;
}

static int note(struct docker_work *w, struct err **e)
{
	_cleanup_free_ char *text = docker_options_format(&w->options);

	if (!text)
		return err_oom(e);
	return publish_note_set(w->runtime->host, &w->spec, DOCKER_NOTE, text, e);
}

static int create_at(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	bool wanted = w->options.from || w->options.size_bytes;
	int there = is_created(w, &why), r = 0;

	if (there > 0)
		return 0;
	if (there == -ENOENT && !wanted)
		return no_parent(w, e);
	if (there < 0 && there != -ENOENT) {
		*e = steal(&why);
		return there;
	}
	if (wanted)
		r = docker_volume_make(w, there == -ENOENT, p, e);
	if (r >= 0)
		r = note(w, e);
	if (r != -ETIMEDOUT) /* then it may have been made all the same */
		docker_name_end(w->name);
	return r;
}

int docker_create(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_spec_ struct spec found = {0};
	int r = docker_volume_find(w, &found, e);

	if (r < 0)
		return r;
	if (r != FOUND_NOTHING && !spec_equal(&found, &w->spec))
		return refuse_other_place(w, &found, e);
	r = create_at(w, p, e);
	return r < 0 ? r : docker_name_put(w->name, &w->spec, e);
}

/* --- mount --- */

static int options_of(struct docker_work *w, struct docker_options *out, struct err **e)
{
	_cleanup_free_ char *noted = NULL;
	int r = publish_note_get(w->runtime->host, &w->spec, DOCKER_NOTE, &noted, e);

	if (r < 0)
		return r;
	r = docker_options_parse(r ? noted : "", out, e);
	return r < 0 ? err_wrap(e, "the options noted on %s", w->spec.image) : 0;
}

static int stage(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_docker_options_ struct docker_options o = {0};
	int r = options_of(w, &o, e);

	if (r == -ENOENT)
		docker_name_remove(w->name);
	if (r >= 0)
		r = docker_options_allowed(&o, &w->runtime->config, e);
	if (r < 0)
		return r;
	return publish_stage(w->runtime->host, &w->spec, &o.stage, p, e);
}

int docker_mount(struct docker_work *w, struct progress *p, struct err **e)
{
	int r = publish_is_staged(&w->spec, e);

	if (r >= 0)
		r = r ? publish_check_alive(w->runtime->host, &w->spec, e) : stage(w, p, e);
	if (r < 0)
		return r;
	r = docker_name_put(w->name, &w->spec, e);
	if (r < 0 || !waiter_take(w->waiter))
		return r;
	return publish_user_add(&w->spec, w->id, e);
}

int docker_let_go(struct docker_work *w, struct progress *p, struct err **e)
{
	unsigned users;
	int r = publish_users(&w->spec, &users, e);

	if (r < 0 || users)
		return r;
	return publish_unstage(w->runtime->host, &w->spec, p, e);
}

/* --- remove --- */

static int delete_image(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_volume_info_ struct volume_info v = {0};
	_cleanup_err_ struct err *why = NULL;
	const struct volume_request req = {0};
	int r = volume_delete(w->runtime->host, &w->spec, &req, p, &v, &why);

	if (r == -ENOENT)
		return 0;
	*e = steal(&why);
	return r;
}

/* It stays, and is nobody's: not while another host has it for its containers. */
static int docker_volume_release(struct docker_work *w, struct err **e)
{
	struct host *h = w->runtime->host;
	_cleanup_free_ char *host = NULL;
	int r = publish_other_writer(h, &w->spec, &host, e);

	if (r > 0)
		return err_set(e, ERR_HELD, -EBUSY, "%s is held by host %s", w->spec.image, host);
	if (!r)
		r = publish_made_set(h, &w->spec, false, e);
	return r < 0 ? r : publish_note_set(h, &w->spec, DOCKER_NOTE, "", e);
}

/* What was not made for the runtime is not its to delete, unless it was told so. 1: it stays. */
static int is_kept(struct docker_work *w, struct err **e)
{
	_cleanup_docker_options_ struct docker_options o = {0};
	int r = options_of(w, &o, e);

	if (r < 0 || o.keep_given)
		return r < 0 ? r : o.keep;
	r = publish_made_get(w->runtime->host, &w->spec, e);
	return r < 0 ? r : !r && !docker_name_is_begun(w->name, &w->spec);
}

int docker_remove(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	int r = publish_unstage(w->runtime->host, &w->spec, p, e);

	if (r < 0)
		return r;
	r = is_kept(w, &why);
	if (r < 0 && r != -ENOENT) {
		*e = steal(&why);
		return r;
	}
	/* What is not there may be deleted in part. */
	r = r > 0 ? docker_volume_release(w, e) : delete_image(w, p, e);
	if (r < 0)
		return r;
	docker_name_end(w->name);
	docker_name_remove(w->name);
	return 0;
}
