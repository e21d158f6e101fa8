/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/memory.h"

#include <errno.h>
#include <string.h>

#define ENTRIES_MAX 256

struct memory_entry {
	struct memory_entry *next;
	struct proof proof;
	struct base base;
};

bool proof_same_shape(const struct proof *a, const struct proof *b)
{
	return a->newest_snap == b->newest_snap && a->snap_sequence == b->snap_sequence &&
	       a->size_bytes == b->size_bytes && a->flags == b->flags && a->features == b->features;
}

int base_copy(const struct base *from, struct base *out)
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
	base_deinit(out);
	return -ENOMEM;
}

void base_deinit(struct base *b)
{
	free(b->ns);
	free(b->image);
	free(b->image_id);
	free(b->snap);
	free(b->data_pool);
	*b = (struct base){0};
}

static void entry_free(struct memory_entry *entry)
{
	base_deinit(&entry->base);
	free(entry);
}

void memory_init(struct memory *m)
{
	*m = (struct memory){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void memory_deinit(struct memory *m)
{
	while (m->entries) {
		struct memory_entry *entry = m->entries;

		m->entries = entry->next;
		entry_free(entry);
	}
	pthread_mutex_destroy(&m->lock);
}

/* Take the entry of this image out of the list, and the last one where there are too many. */
static struct memory_entry *take(struct memory *m, const struct memory_key *key)
{
	struct memory_entry *found = NULL;
	unsigned n = 0;

	for (struct memory_entry **at = &m->entries; *at;) {
		struct memory_entry *entry = *at;

		if (!found && entry->base.pool_id == key->pool_id &&
		    !strcmp(entry->base.ns, key->ns) && !strcmp(entry->base.image, key->image)) {
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

static void put_first(struct memory *m, struct memory_entry *entry)
{
	entry->next = m->entries;
	m->entries = entry;
}

int memory_recall(struct memory *m, const struct memory_key *key, struct proof *proof,
		  struct base *out)
{
	int found = 0;

	pthread_mutex_lock(&m->lock);

	struct memory_entry *entry = take(m, key);

	if (entry) {
		put_first(m, entry);
		*proof = entry->proof;
		found = !base_copy(&entry->base, out);
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

void memory_keep(struct memory *m, const struct base *base, const struct proof *proof)
{
	const struct memory_key key = {base->pool_id, base->ns, base->image};
	struct memory_entry *entry, *old;

	if (!proof->map_version)
		return;
	entry = calloc(1, sizeof(*entry));
	if (!entry || base_copy(base, &entry->base) < 0) {
		free(entry);
		return;
	}
	entry->base.created = false;
	entry->proof = *proof;
	pthread_mutex_lock(&m->lock);
	old = take(m, &key);
	put_first(m, entry);
	pthread_mutex_unlock(&m->lock);
	if (old)
		entry_free(old);
}

void memory_forget(struct memory *m, const struct memory_key *key)
{
	pthread_mutex_lock(&m->lock);

	struct memory_entry *old = take(m, key);

	pthread_mutex_unlock(&m->lock);
	if (old)
		entry_free(old);
}
