/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a volume, as a value. */
#include "volume/volume.h"
#include "mapper/mapping.h"
#include "rbd/hold-state.h"

void volume_info_deinit(struct volume_info *v)
{
	spec_deinit(&v->spec);
	image_info_deinit(&v->image);
	device_deinit(&v->device);
	content_deinit(&v->content);
	strlist_deinit(&v->mounts);
	hold_deinit(&v->hold);
	tree_deinit(&v->tree);
	snapshot_entries_deinit(&v->snapshots);
	free(v->not_blank);
	*v = (struct volume_info){0};
}

void volume_list_deinit(struct volume_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		volume_info_deinit(&l->items[i]);
	free(l->items);
	*l = (struct volume_list){0};
}
