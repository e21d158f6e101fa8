/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/json-tree.h"
#include "daemon/json.h"

static json_t *tree_snapshot(const struct tree_snapshot *s)
{
	json_t *clones = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(clones, json_tree(&s->clones[i]));
	return json_pack("{s:o, s:b, s:o}", "name", json_text(s->name), "trash", s->trash, "clones",
			 clones);
}

json_t *json_tree(const struct tree_image *t)
{
	_cleanup_free_ char *name = spec_format(&t->spec);
	json_t *snapshots = json_array();

	for (size_t i = 0; i < t->n; i++)
		json_array_append_new(snapshots, tree_snapshot(&t->snapshots[i]));
	return json_pack("{s:o, s:b, s:b, s:o}", "volume", json_text(name ? name : ""), "trash",
			 t->trash, "closed", t->closed, "snapshots", snapshots);
}
