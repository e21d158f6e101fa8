/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"
#include "base/str.h"
#include "daemon/job-view.h"
#include "daemon/json-tree.h"
#include "daemon/json.h"
#include "volume/volume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* An object in the making; one failure spoils it. */
struct object {
	json_t *json;
	bool failed;
};

static struct object object_new(void)
{
	json_t *json = json_object();

	return (struct object){.json = json, .failed = !json};
}

/* Takes VALUE; NULL spoils the object. */
static void put(struct object *o, const char *key, json_t *value)
{
	if (o->failed)
		json_decref(value);
	else if (json_object_set_new(o->json, key, value) < 0)
		o->failed = true;
}

static void put_text(struct object *o, const char *key, const char *text)
{
	if (text)
		put(o, key, json_text(text));
}

static void put_number(struct object *o, const char *key, uint64_t n)
{
	put(o, key, json_integer((json_int_t)n));
}

static void put_bool(struct object *o, const char *key, bool value)
{
	put(o, key, json_boolean(value));
}

static json_t *object_end(struct object *o)
{
	if (!o->failed)
		return o->json;
	json_decref(o->json);
	return NULL;
}

static json_t *escaped(const char *text)
{
	_cleanup_free_ char *out = malloc(4 * strlen(text) + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c >= 0x80)
			n += (size_t)snprintf(out + n, 5, "\\x%02x", (unsigned char)*c);
		else
			out[n++] = *c;
	return json_stringn(out, n);
}

json_t *json_text(const char *text)
{
	json_t *json = json_string(text);

	return json ? json : escaped(text);
}

static json_t *texts(const struct strlist *l)
{
	json_t *array = json_array();

	for (size_t i = 0; array && l && i < l->n; i++)
		if (json_array_append_new(array, json_text(l->items[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* "a,b" as ["a", "b"]. */
static json_t *words(char *text)
{
	_cleanup_strlist_ struct strlist list = {0};
	char *rest = text, *word;

	if (!text)
		return NULL;
	while ((word = strsep(&rest, ",")))
		if (*word && strlist_add(&list, "%s", word) < 0)
			return NULL;
	return texts(&list);
}

/* RFC 3339, in UTC. */
static json_t *moment(time_t t)
{
	char buf[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(buf);
}

static void put_spec(struct object *o, const struct spec *s)
{
	_cleanup_free_ char *text = spec_format(s);

	put(o, "volume", text ? json_text(text) : NULL);
	put_text(o, "pool", s->pool);
	put_text(o, "namespace", s->ns);
	put_text(o, "image", s->image);
	put_text(o, "snapshot", s->snap);
}

static void put_parent(struct object *o, const struct image_info *i)
{
	_cleanup_free_ char *text = NULL;

	if (!i->parent.image)
		return;
	text = spec_format(&i->parent);
	put(o, "parent", text ? json_text(text) : NULL);
	if (i->parent_in_trash)
		put_bool(o, "parent_in_trash", true);
	put_number(o, "overlap", i->overlap_bytes);
}

static void put_image(struct object *o, const struct image_info *i)
{
	_cleanup_free_ char *features = image_features_format(i->features);

	put_text(o, "id", i->id);
	put(o, "created", moment(i->created));
	put_number(o, "object_size", i->object_size_bytes);
	put_number(o, "stripe_unit", i->stripe_unit_bytes);
	put_number(o, "stripe_count", i->stripe_count);
	put_text(o, "data_pool", i->data_pool);
	put(o, "features", words(features));
	put_parent(o, i);
	put_text(o, "from", i->from);
	if (i->wiping)
		put_bool(o, "wiping", true);
	put_text(o, "rolling_back", i->rolling_back);
	put_number(o, "snapshots", i->snapshots);
}

static json_t *filesystem(const struct content *c)
{
	struct object o = object_new();

	put_text(&o, "type", c->type);
	put_text(&o, "label", c->label);
	put_text(&o, "uuid", c->uuid);
	return object_end(&o);
}

static void put_device(struct object *o, const struct volume_info *v)
{
	put_text(o, "device", v->device.node);
	put_text(o, "link", v->device.link);
	put_bool(o, "read_only", v->device.read_only);
	put_text(o, "client_address", v->device.client_address);
	if (v->fenced)
		put_bool(o, "fenced", true);
	put(o, "mounts", texts(&v->mounts));
	put(o, "filesystem", filesystem(&v->content));
	put_text(o, "partition_table", v->content.partition_table);
}

static json_t *hold(const struct hold *h)
{
	struct object o = object_new();

	put_text(&o, "host", h->host_name ? h->host_name : h->host);
	put_text(&o, "address", h->client_address);
	put(&o, "since", moment(h->since));
	put_bool(&o, "shared", h->shared);
	return object_end(&o);
}

static void put_usage(struct object *o, const char *key, const struct usage *u)
{
	struct object usage = object_new();

	put_number(&usage, "objects", u->objects);
	put_number(&usage, "used", u->used_bytes);
	if (u->shared_known)
		put_number(&usage, "shared", u->shared_bytes);
	if (u->stored_known)
		put_number(&usage, "stored", u->stored_bytes);
	if (u->known)
		put(o, key, object_end(&usage));
	else
		json_decref(usage.json);
}

static json_t *snapshot_entry(const struct snapshot_entry *s)
{
	struct object o = object_new();
	time_t age = time(NULL) - s->created;

	put_text(&o, "name", s->name);
	put_number(&o, "id", s->id);
	put_number(&o, "size", s->size_bytes);
	if (s->used_known)
		put_number(&o, "used", s->used_bytes);
	if (s->created) {
		put(&o, "created", moment(s->created));
		put_number(&o, "age", age > 0 ? (uint64_t)age : 0);
	}
	put_bool(&o, "protected", s->is_protected);
	put_bool(&o, "own", s->ours);
	put_number(&o, "clones", s->clones);
	return object_end(&o);
}

static json_t *snapshot_entries(const struct snapshot_entries *l)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < l->n; i++)
		if (json_array_append_new(array, snapshot_entry(&l->items[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

json_t *json_volume(const struct volume_info *v, enum verb verb, const struct strlist *notes)
{
	struct object o = object_new();

	put_spec(&o, &v->spec);
	if (verb == VERB_TREE) {
		put(&o, "tree", json_tree(&v->tree));
		return object_end(&o);
	}
	if (verb == VERB_SNAPSHOTS) {
		put(&o, "snapshot_list", snapshot_entries(&v->snapshots));
		put(&o, "notes", texts(notes));
		return object_end(&o);
	}
	if (v->in_cluster)
		put_number(&o, "size", v->image.size_bytes);
	else if (v->attached)
		put_number(&o, "size", v->device.size_bytes);
	put_bool(&o, "attached", v->attached);
	if (v->attached)
		put_device(&o, v);
	if (v->in_cluster)
		put_image(&o, &v->image);
	if (v->held)
		put(&o, "held_by", hold(&v->hold));
	if (verb == VERB_TRIM) {
		put_number(&o, "trimmed", v->trimmed_bytes);
		put_number(&o, "filesystems", v->trimmed);
	}
	put_usage(&o, "usage", &v->usage);
	put_usage(&o, "usage_before", &v->before);
	if (v->reclaimable_known)
		put_number(&o, "reclaimable", v->reclaimable_bytes);
	if (v->blank_known)
		put_bool(&o, "blank", v->blank);
	put_text(&o, "not_blank", v->not_blank);
	if (notes)
		put(&o, "notes", texts(notes));
	return object_end(&o);
}

/* Takes ITEM. */
static bool document_append(json_t *array, json_t *item)
{
	return json_array_append_new(array, item) == 0;
}

json_t *json_volumes(const struct volume_list *l, const struct strlist *notes)
{
	struct object o = object_new();
	json_t *array = json_array();

	for (size_t i = 0; array && i < l->n; i++)
		if (!document_append(array, json_volume(&l->items[i], VERB_LIST, NULL)))
			o.failed = true;
	put(&o, "volumes", array);
	put(&o, "notes", texts(notes));
	return object_end(&o);
}

json_t *json_findings(const struct finding_list *l, const struct strlist *notes)
{
	struct object o = object_new();
	json_t *array = json_array();

	for (size_t i = 0; array && i < l->n; i++) {
		const struct finding *f = &l->items[i];
		struct object item = object_new();

		put_text(&item, "level", finding_level_name(f->level));
		put_text(&item, "about", f->about);
		put_text(&item, "text", f->text);
		put_text(&item, "advice", f->advice);
		if (!document_append(array, object_end(&item)))
			o.failed = true;
	}
	put(&o, "findings", array);
	put(&o, "notes", texts(notes));
	return object_end(&o);
}

static json_t *error_body(const struct err *e, const char *volume, uint64_t job)
{
	struct object o = object_new();

	put_text(&o, "code", err_name(e->kind));
	put_text(&o, "message", e->message);
	put_text(&o, "volume", volume);
	put_text(&o, "hint", e->hint);
	if (job)
		put_number(&o, "job", job);
	return object_end(&o);
}

json_t *json_error(const struct err *e, const char *volume, uint64_t job,
		   const struct strlist *notes)
{
	struct object o = object_new();

	put(&o, "error", error_body(e, volume, job));
	if (notes && notes->n)
		put(&o, "notes", texts(notes));
	return object_end(&o);
}

/* Seconds with three decimals. */
static json_t *seconds(uint64_t us)
{
	return json_real((double)(us / 1000) / 1000);
}

static json_t *trace_step_json(const struct trace_step *s)
{
	struct object o = object_new();

	put_text(&o, "step", s->name);
	put(&o, "ms", json_real((double)s->us / 1000));
	for (int i = 0; i < TRACE_KINDS; i++)
		if (s->counts.of[i])
			put_number(&o, trace_kind_name(i), s->counts.of[i]);
	return object_end(&o);
}

/* What each step has cost; of a kind that is not there nothing was counted. */
static json_t *trace_json(const struct trace *t)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < t->n; i++)
		if (json_array_append_new(array, trace_step_json(&t->steps[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static struct object job_object(const struct job_view *v)
{
	struct object o = object_new();

	put_number(&o, "id", v->id);
	put_text(&o, "verb", verb_name(v->verb));
	if (*v->volume)
		put_text(&o, "volume", v->volume);
	put_number(&o, "uid", v->uid);
	put_text(&o, "state", job_state_name(v->state));
	put_text(&o, "step", v->step);
	if (v->state == JOB_RUNNING)
		put(&o, "step_age", seconds(v->step_age_us));
	if (v->stuck)
		put(&o, "stuck_since",
		    moment(time(NULL) - (time_t)(v->step_age_us / USEC_PER_SEC)));
	if (v->progress >= 0)
		put(&o, "progress", json_real(v->progress));
	put(&o, "since", moment(v->since));
	put(&o, "age", seconds(v->age_us));
	put(&o, "notes", texts(&v->notes));
	put(&o, "trace", trace_json(&v->trace));
	if (v->error)
		put(&o, "error", error_body(v->error, NULL, 0));
	return o;
}

json_t *json_job(const struct job_view *v)
{
	struct object o = job_object(v);

	if (v->result)
		put(&o, "result", json_loads(v->result, 0, NULL));
	return object_end(&o);
}

json_t *json_jobs(const struct job_views *l)
{
	struct object o = object_new();
	json_t *array = json_array();

	for (size_t i = 0; array && i < l->n; i++) {
		struct object job = job_object(&l->items[i]);

		if (!document_append(array, object_end(&job)))
			o.failed = true;
	}
	put(&o, "jobs", array);
	return object_end(&o);
}

char *json_render(json_t *j)
{
	_cleanup_json_ json_t *json = j;
	_cleanup_free_ char *text =
		json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	char *line;

	if (!text || str_printf(&line, "%s\n", text) < 0)
		return NULL;
	return line;
}

int request_set_once(const char *key, const char *value, enum verb verb, struct volume_request *req,
		     unsigned *seen, struct err **e)
{
	const struct request_option *o = request_option_find(verb, key);
	unsigned bit = o ? 1u << (o - request_options) : 0;

	if (*seen & bit)
		return err_set(e, ERR_USAGE, -EINVAL, "option '%s' is given twice", key);
	*seen |= bit;
	return request_set(req, verb, key, value, e);
}

static int set_value(const char *key, const json_t *value, enum verb verb,
		     struct volume_request *req, unsigned *seen, struct err **e)
{
	char number[24];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return request_set_once(key, json_string_value(value), verb, req, seen, e);
	case JSON_TRUE:
		return request_set_once(key, "yes", verb, req, seen, e);
	case JSON_FALSE:
		return request_set_once(key, "no", verb, req, seen, e);
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		return request_set_once(key, number, verb, req, seen, e);
	default:
		return err_set(e, ERR_USAGE, -EINVAL,
			       "option '%s' is neither a string, a whole number, true nor false",
			       key);
	}
}

int json_request(const char *text, size_t len, enum verb verb, struct volume_request *req,
		 unsigned *seen, struct err **e)
{
	_cleanup_json_ json_t *body = NULL;
	json_error_t reason;
	const char *key;
	json_t *value;

	if (!len)
		return 0;
	body = json_loadb(text, len, JSON_REJECT_DUPLICATES, &reason);
	if (!body)
		return err_set(e, ERR_USAGE, -EINVAL, "the body is not JSON: line %d: %s",
			       reason.line, reason.text);
	if (!json_is_object(body))
		return err_set(e, ERR_USAGE, -EINVAL, "the body is not a JSON object");
	json_object_foreach(body, key, value) {
		int r = set_value(key, value, verb, req, seen, e);

		if (r < 0)
			return r;
	}
	return 0;
}
