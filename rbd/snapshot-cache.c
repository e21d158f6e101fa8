/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/snapshot-cache.h"
#include "base/lock.h"
#include "ceph/cluster.h"

#include <errno.h>
#include <string.h>

#define ENTRIES_MAX 256

struct snapshot_cache_entry {
	struct snapshot_cache_entry *next;
	struct image_version version;
	struct clone_source source;
};

int clone_source_copy(const struct clone_source *from, struct clone_source *out)
{
	*out = *from;
	out->ns = strdup(from->ns);
	out->image = strdup(from->image);
	out->image_id = strdup(from->image_id);
	out->snap = strdup(from->snap);
	out->data_pool = from->data_pool ? strdup(from->data_pool) : NULL;
	if (out->ns && out->image && out->image_id && out->snap &&
	    (out->data_pool || !from->data_pool))
		return 0;
	clone_source_deinit(out);
	return -ENOMEM;
}

void clone_source_deinit(struct clone_source *b)
{
	free(b->ns);
	free(b->image);
	free(b->image_id);
	free(b->snap);
	free(b->data_pool);
	*b = (struct clone_source){0};
}

static void entry_free(struct snapshot_cache_entry *entry)
{
	clone_source_deinit(&entry->source);
	free(entry);
}

void snapshot_cache_init(struct snapshot_cache *m)
{
	*m = (struct snapshot_cache){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void snapshot_cache_deinit(struct snapshot_cache *m)
{
	while (m->entries) {
		struct snapshot_cache_entry *entry = m->entries;

		m->entries = entry->next;
		entry_free(entry);
	}
	pthread_mutex_destroy(&m->lock);
}

/* Take the entry of this image out of the list, and the last one where there are too many. */
static struct snapshot_cache_entry *cache_take(struct snapshot_cache *m,
					       const struct snapshot_cache_key *key)
{
	struct snapshot_cache_entry *found = NULL;
	unsigned n = 0;

	for (struct snapshot_cache_entry **at = &m->entries; *at;) {
		struct snapshot_cache_entry *entry = *at;

		if (!found && entry->source.pool_id == key->pool_id &&
		    !strcmp(entry->source.ns, key->ns) &&
		    !strcmp(entry->source.image, key->image)) {
			found = entry;
			*at = entry->next;
		} else if (++n >= ENTRIES_MAX) {
			*at = entry->next;
			entry_free(entry);
		} else {
			at = &entry->next;
		}
	}
	return found;
}

static void put_first(struct snapshot_cache *m, struct snapshot_cache_entry *entry)
{
	entry->next = m->entries;
	m->entries = entry;
}

int snapshot_cache_recall(struct snapshot_cache *m, const struct snapshot_cache_key *key,
			  struct image_version *version, struct clone_source *out)
{
	struct snapshot_cache_entry *entry;

	WITH_LOCK(&m->lock);
	entry = cache_take(m, key);
	if (!entry)
		return 0;
	put_first(m, entry);
	*version = entry->version;
	return !clone_source_copy(&entry->source, out);
}

void snapshot_cache_keep(struct snapshot_cache *m, const struct clone_source *source,
			 const struct image_version *version)
{
	const struct snapshot_cache_key key = {source->pool_id, source->ns, source->image};
	struct snapshot_cache_entry *entry, *old;

	if (!version->map_version)
		return;
	entry = calloc(1, sizeof(*entry));
	if (!entry || clone_source_copy(source, &entry->source) < 0) {
		free(entry);
		return;
	}
	entry->source.created = false;
	entry->version = *version;
	WITH_LOCK(&m->lock);
	old = cache_take(m, &key);
	put_first(m, entry);
	if (old)
		entry_free(old);
}

void snapshot_cache_forget(struct snapshot_cache *m, const struct snapshot_cache_key *key)
{
	struct snapshot_cache_entry *old;

	WITH_LOCK(&m->lock);
	old = cache_take(m, key);
	if (old)
		entry_free(old);
}

static void *cache_new(void)
{
	struct snapshot_cache *m = malloc(sizeof(*m));

	if (m)
		snapshot_cache_init(m);
	return m;
}

static void cache_free(void *arg)
{
	snapshot_cache_deinit(arg);
	free(arg);
}

struct snapshot_cache *snapshot_cache_of(struct cluster *c)
{
	return cluster_attachment(c, cache_new, cache_free);
}
