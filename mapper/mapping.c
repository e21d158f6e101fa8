/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings as values. */
#include "mapper/mapping.h"

void device_deinit(struct device *d)
{
	spec_deinit(&d->spec);
	free(d->fsid);
	free(d->image_id);
	free(d->client_address);
	free(d->node);
	free(d->link);
	*d = (struct device){0};
}

void device_list_deinit(struct device_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		device_deinit(&l->items[i]);
	free(l->items);
	*l = (struct device_list){0};
}
