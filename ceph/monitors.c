/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitors know of the cluster: their own addresses, how the OSDs store, and whether there
 * is room. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/value.h"
#include "ceph/cluster.h"
#include "ceph/monitors.h"
#include "ceph/session.h"

int session_ask(struct session *s, const char *command, json_t **out)
{
	char *reply = NULL, *status = NULL;
	size_t reply_len = 0, status_len = 0;
	int r = rados_mon_command(s->rados, &command, 1, NULL, 0, &reply, &reply_len, &status,
				  &status_len);

	if (!r) {
		/* The blocklist is followed by a second document, of ranges. */
		*out = json_loadb(reply ? reply : "", reply_len, JSON_DISABLE_EOF_CHECK, NULL);
		r = *out ? 0 : -EPROTO;
	}
	rados_buffer_free(reply);
	rados_buffer_free(status);
	return r;
}

int session_latest_osdmap(struct session *s)
{
	_cleanup_json_ json_t *ignored = NULL;
	int r = session_ask(s, "{\"prefix\": \"osd stat\", \"format\": \"json\"}", &ignored);

	/* Any answer is one of a monitor that is there. */
	return r == -ETIMEDOUT ? r : rados_wait_for_latest_osdmap(s->rados);
}

/* Append ",ADDRESS" to *list. */
static int monitors_append(char **list, const char *address)
{
	char *longer;

	if (str_printf(&longer, "%s%s%s", *list ? *list : "", *list ? "," : "", address) < 0)
		return -ENOMEM;
	free(*list);
	*list = longer;
	return 0;
}

static int add_monitor(const json_t *mon, struct monitors *out)
{
	const json_t *addrs = json_object_get(json_object_get(mon, "public_addrs"), "addrvec");
	const json_t *item;
	size_t i;

	json_array_foreach(addrs, i, item) {
		const char *type = json_string_value(json_object_get(item, "type"));
		const char *addr = json_string_value(json_object_get(item, "addr"));
		int r = 0;

		if (type && addr && !strcmp(type, "v1"))
			r = monitors_append(&out->v1, addr);
		else if (type && addr && !strcmp(type, "v2"))
			r = monitors_append(&out->v2, addr);
		if (r < 0)
			return r;
	}
	return 0;
}

int monitors_parse(const json_t *dump, struct monitors *out)
{
	_cleanup_monitors_ struct monitors m = {0};
	const json_t *mon;
	size_t i;

	*out = (struct monitors){0};
	json_array_foreach(json_object_get(dump, "mons"), i, mon) {
		if (add_monitor(mon, &m) < 0)
			return -ENOMEM;
	}
	if (!m.v1 && !m.v2)
		return -EPROTO;
	*out = m;
	m = (struct monitors){0};
	return 0;
}

int cluster_monitors(struct cluster *c, struct monitors *out, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	_cleanup_json_ json_t *dump = NULL;
	int r = cluster_session(c, &s, e);

	*out = (struct monitors){0};
	if (r < 0)
		return r;
	r = session_ask(s, "{\"prefix\": \"mon dump\", \"format\": \"json\"}", &dump);
	if (r < 0)
		return session_fail(s, r, e, "get the monitors' addresses");
	r = monitors_parse(dump, out);
	if (r == -EPROTO)
		return err_set(e, ERR_FAILED, r, "the cluster names no monitor address");
	return r < 0 ? err_oom(e) : 0;
}

void monitors_deinit(struct monitors *m)
{
	free(m->v1);
	free(m->v2);
	*m = (struct monitors){0};
}

static uint64_t largest_alloc_size(const json_t *osds)
{
	uint64_t largest = 0;
	const json_t *osd;
	size_t i;

	json_array_foreach(osds, i, osd) {
		const char *text =
			json_string_value(json_object_get(osd, "bluestore_min_alloc_size"));
		_cleanup_err_ struct err *ignored = NULL;
		uint64_t bytes = 0;

		if (text && !value_u64("min_alloc_size", text, 0, UINT64_MAX, &bytes, &ignored) &&
		    bytes > largest)
			largest = bytes;
	}
	return largest;
}

int cluster_alloc_size(struct cluster *c, uint64_t *out_bytes, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	_cleanup_json_ json_t *osds = NULL;
	int r = cluster_session(c, &s, e);

	if (r < 0)
		return r;
	if (!atomic_load(&s->alloc_known)) {
		r = session_ask(s, "{\"prefix\": \"osd metadata\", \"format\": \"json\"}", &osds);
		/* A user without the right to ask does without the answer. */
		if (r < 0 && r != -EACCES && r != -EPERM)
			return session_fail(s, r, e, "ask how the OSDs store");
		atomic_store(&s->alloc_size_bytes, largest_alloc_size(osds));
		atomic_store(&s->alloc_known, true);
	}
	*out_bytes = atomic_load(&s->alloc_size_bytes);
	return 0;
}

int cluster_available(struct cluster *c, const char *pool, uint64_t *out_bytes, struct err **e)
{
	_cleanup_session_ struct session *s = NULL;
	_cleanup_json_ json_t *df = NULL;
	const json_t *one, *available;
	int r = cluster_session(c, &s, e);
	size_t i;

	if (r < 0)
		return r;
	r = session_ask(s, "{\"prefix\": \"df\", \"format\": \"json\"}", &df);
	if (r < 0)
		return session_fail(s, r, e, "ask how much room there is");
	json_array_foreach(json_object_get(df, "pools"), i, one) {
		const char *name = json_string_value(json_object_get(one, "name"));

		if (!name || strcmp(name, pool))
			continue;
		available = json_object_get(json_object_get(one, "stats"), "max_avail");
		*out_bytes = (uint64_t)json_integer_value(available);
		return 0;
	}
	if (rados_pool_lookup(s->rados, pool) < 0)
		return err_set(e, ERR_NOT_FOUND, -ENOENT, "no pool '%s' in the cluster", pool);
	err_set(e, ERR_UNREACHABLE, -EAGAIN, "the cluster's manager has not counted pool '%s' yet",
		pool);
	return err_hint(e, "try again; if the error persists, check that a manager is up: ceph -s");
}

static bool has_flag(const char *flags, const char *flag)
{
	size_t n = strlen(flag);

	for (const char *f = flags; *f; f += strspn(f, ",")) {
		size_t len = strcspn(f, ",");

		if (len == n && !strncmp(f, flag, n))
			return true;
		f += len;
	}
	return false;
}

int session_check_room(struct session *s, int64_t pool_id)
{
	_cleanup_json_ json_t *pools = NULL;
	const json_t *pool;
	size_t i;
	int r = session_ask(s,
			    "{\"prefix\": \"osd pool ls\", \"detail\": \"detail\", "
			    "\"format\": \"json\"}",
			    &pools);

	json_array_foreach(pools, i, pool) {
		const char *flags = json_string_value(json_object_get(pool, "flags_names"));

		if (!flags || json_integer_value(json_object_get(pool, "pool_id")) != pool_id)
			continue;
		if (has_flag(flags, "full_quota"))
			return -EDQUOT;
		return has_flag(flags, "full") ? -ENOSPC : 0;
	}
	/* A user without the right to ask does without the answer. */
	return r == -EACCES || r == -EPERM ? 0 : r;
}
