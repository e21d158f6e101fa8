/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the runtimes' requests do to volumes, each as a job's work. The options that a volume was
 * created with are noted on it in the cluster; nothing else is remembered. */
#include <errno.h>
#include <string.h>

#include "daemon/docker-internal.h"

/* --- where a name leads --- */

static int default_spec(const struct docker_work *w, const struct docker_options *o,
			struct spec *out, struct err **e)
{
	const char *pool = o && o->pool ? o->pool : w->runtime->config.pool;

	if (spec_init(out, pool, o && o->ns ? o->ns : "", w->name, NULL) < 0)
		return err_oom(e);
	return 0;
}

/* 1: there is a volume of that name, *out; 0: none. In the configured pool it needs no note. */
static int find(struct docker_work *w, struct spec *out, struct err **e)
{
	_cleanup_err_ struct err *why = NULL;
	_cleanup_free_ char *note = NULL;
	int r = default_spec(w, NULL, out, e);

	if (r < 0)
		return r;
	r = publish_note_get(w->runtime->host, out, DOCKER_NOTE, &note, &why);
	if (r >= 0)
		return 1;
	spec_deinit(out);
	if (r != -ENOENT) {
		*e = steal(&why);
		return r;
	}
	return publish_find(w->runtime->host, w->name, DOCKER_NOTE, out, e);
}

static int no_volume(const struct docker_work *w, struct err **e)
{
	return err_set(e, ERR_NOT_FOUND, -ENOENT, "no such volume: %s", w->name);
}

int docker_find(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	int r = find(w, &spec, e);

	(void)p;
	if (r <= 0)
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
	return err_hint(e, "the runtimes know volumes by their names alone: choose another");
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
	return err_hint(e, "remove it first, or create it with none: it keeps those it has");
}

static int no_parent(struct docker_work *w, struct err **e)
{
	_cleanup_free_ char *text = spec_format(&w->spec);

	err_set(e, ERR_NOT_FOUND, -ENOENT, "there is no volume %s", text ? text : "?");
	return err_hint(e, "give an option to make it: from=PARENT or size=SIZE");
}

/* The image, as the options want it. */
static int make(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_volume_info_ struct volume_info v = {0};
	const struct volume_request req = {
		.from = w->options.from,
		.size_bytes = w->options.size_bytes,
	};

	return volume_create(w->runtime->host, &w->spec, &req, p, &v, e);
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
	bool made = w->options.from || w->options.size_bytes;
	int r = is_created(w, &why);

	if (r > 0)
		return 0;
	if (r == -ENOENT && !made)
		return no_parent(w, e);
	if (r < 0 && r != -ENOENT) {
		*e = steal(&why);
		return r;
	}
	r = made ? make(w, p, e) : 0;
	return r < 0 ? r : note(w, e);
}

int docker_create(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_spec_ struct spec found = {0};
	int r = find(w, &found, e);

	if (r < 0)
		return r;
	if (r && !spec_equal(&found, &w->spec))
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
	if (r < 0)
		return r;
	return publish_stage(w->runtime->host, &w->spec, &o.wish, p, e);
}

int docker_mount(struct docker_work *w, struct progress *p, struct err **e)
{
	int r = publish_is_staged(&w->spec, e);

	if (!r)
		r = stage(w, p, e);
	if (r < 0)
		return r;
	r = docker_name_put(w->name, &w->spec, e);
	if (r < 0 || !attention_take(w->attention))
		return r;
	return publish_user_add(&w->spec, w->id, e);
}

int docker_unmount(struct docker_work *w, struct progress *p, struct err **e)
{
	unsigned users;
	int r = w->id ? publish_user_remove(&w->spec, w->id, e) : 0;

	if (r >= 0)
		r = publish_users(&w->spec, &users, e);
	if (r < 0 || users)
		return r;
	return publish_unstage(w->runtime->host, &w->spec, p, e);
}

/* --- remove --- */

static int delete (struct docker_work *w, struct progress *p, struct err **e)
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

int docker_remove(struct docker_work *w, struct progress *p, struct err **e)
{
	_cleanup_docker_options_ struct docker_options o = {0};
	_cleanup_err_ struct err *why = NULL;
	int r = publish_unstage(w->runtime->host, &w->spec, p, e);

	if (r < 0)
		return r;
	r = options_of(w, &o, &why);
	if (r < 0 && r != -ENOENT) {
		*e = steal(&why);
		return r;
	}
	if (!r)
		r = o.keep ? publish_note_set(w->runtime->host, &w->spec, DOCKER_NOTE, "", e)
			   : delete (w, p, e);
	if (*e)
		return r;
	docker_name_remove(w->name);
	return 0;
}
