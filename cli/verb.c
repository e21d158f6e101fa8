/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

const struct verb_def verb_defs[] = {
	{VERB_CREATE, "VOLUME", "make a volume: a clone of a parent, or an empty one", 1, 1,
	 verb_create},
	{VERB_ATTACH, "VOLUME", "make a volume a block device of this host, and print its link", 1,
	 1, verb_attach},
	{VERB_DETACH, "VOLUME|DEVICE|LINK…", "end the block device of a volume", 1, INT_MAX,
	 verb_detach},
	{VERB_DELETE, "VOLUME…", "delete volumes from the cluster, without asking", 1, INT_MAX,
	 verb_delete},
	{VERB_LIST, "", "list the volumes that are attached here", 0, 0, verb_list},
	{VERB_SHOW, "VOLUME|DEVICE|LINK", "show what is known of a volume", 1, 1, verb_show},
	{VERB_TREE, "IMAGE", "show what depends on an image: snapshots, their clones, and so on", 1,
	 1, verb_tree},
	{VERB_TRIM, "VOLUME…|--all", "give the unused blocks of mounted file systems back", 0,
	 INT_MAX, verb_trim},
	{VERB_WIPE, "VOLUME", "erase the content of a volume; asks on a terminal", 1, 1, verb_wipe},
	{VERB_RESIZE, "VOLUME SIZE", "grow a volume, its device and the file system mounted of it",
	 1, 2, verb_resize},
	{VERB_SNAPSHOT, "VOLUME[@NAME]", "take a snapshot of a volume, and print its name", 1, 1,
	 verb_snapshot},
	{VERB_FLATTEN, "VOLUME…", "make volumes independent of their parents", 1, INT_MAX,
	 verb_flatten},
	{VERB_PRUNE, "[PARENT]", "remove what rbdvol left behind in the cluster", 0, 1, verb_prune},
	{VERB_DOCTOR, "", "check this host, its rights, and what was left behind", 0, 0,
	 verb_doctor},
	{VERB_SPARSIFY, "VOLUME…", "give back the blocks that hold only zeros", 1, INT_MAX,
	 verb_sparsify},
	{VERB_RBDMAP, "[FILE]", "take over what rbdmap attaches at boot into /etc/rbdvoltab", 0, 1,
	 verb_rbdmap},
	{VERB_RESET, "VOLUME…",
	 "take clones back to the content of their parents; asks on a terminal", 1, INT_MAX,
	 verb_reset},
	{VERB_CANCEL, "VOLUME…", "end what is under way on volumes", 1, INT_MAX, verb_cancel},
	{VERB_JOBS, "", "list the operations under way", 0, 0, verb_jobs},
};
const size_t verb_defs_n = ARRAY_SIZE(verb_defs);

/* What the same is called elsewhere. */
static const struct {
	const char *word;
	enum verb verb;
} other_words[] = {
	{"map", VERB_ATTACH},	 {"unmap", VERB_DETACH}, {"rm", VERB_DELETE},
	{"remove", VERB_DELETE}, {"ls", VERB_LIST},	 {"info", VERB_SHOW},
	{"status", VERB_SHOW},	 {"clone", VERB_CREATE}, {"fstrim", VERB_TRIM},
	{"discard", VERB_TRIM},	 {"grow", VERB_RESIZE},	 {"snap", VERB_SNAPSHOT},
};

#define WORD_MAX 16

/* How many letters must be changed, added or dropped to make B of A; both are shorter than
 * WORD_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX], lb = strlen(b);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[lb];
}

/* NULL where nothing is near. */
static const char *nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < ARRAY_SIZE(other_words); i++)
		if (!strcmp(name, other_words[i].word))
			return verb_name(other_words[i].verb);
	if (strlen(name) >= WORD_MAX)
		return NULL;
	for (size_t i = 0; i < verb_defs_n; i++) {
		size_t d = distance(name, verb_name(verb_defs[i].verb));

		if (d < best_distance) {
			best = verb_name(verb_defs[i].verb);
			best_distance = d;
		}
	}
	return best;
}

const struct verb_def *verb_find(const char *name, struct err **e)
{
	const char *meant;

	for (size_t i = 0; i < verb_defs_n; i++)
		if (!strcmp(name, verb_name(verb_defs[i].verb)))
			return &verb_defs[i];
	meant = nearest(name);
	if (meant)
		err_set(e, ERR_USAGE, -EINVAL, "there is no verb '%s'; did you mean '%s'?", name,
			meant);
	else
		err_set(e, ERR_USAGE, -EINVAL, "there is no verb '%s'", name);
	err_hint(e, "rbdvol --help lists them");
	return NULL;
}
