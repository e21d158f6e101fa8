/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the cluster knows of volumes that are published: notes on them, where they are, who else has
 * them. */
#include <errno.h>
#include <string.h>

#include "ceph/monitors.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"
#include "rbd/note.h"
#include "volume/host.h"
#include "volume/publish-notes.h"

int publish_note_get(struct host *h, const struct spec *spec, const char *key, char **out,
		     struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	*out = NULL;
	if (r < 0)
		return r;
	r = image_note_get(c, spec, key, out, e);
	if (r > 0 && !**out) { /* a note cannot be removed, only emptied */
		free(steal(out));
		r = 0;
	}
	return r;
}

int publish_capacity(struct host *h, const char *pool, uint64_t *out_bytes, struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	return r < 0 ? r : cluster_available(c, pool, out_bytes, e);
}

int publish_note_set(struct host *h, const struct spec *spec, const char *key, const char *value,
		     struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	return r < 0 ? r : image_note_set(c, spec, key, value, e);
}

int publish_made_set(struct host *h, const struct spec *spec, bool made, struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	return r < 0 ? r : image_made_set(c, spec, made, e);
}

int publish_made_get(struct host *h, const struct spec *spec, struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	return r < 0 ? r : image_made_get(c, spec, e);
}

int publish_other_writer(struct host *h, const struct spec *spec, char **out_host, struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	_cleanup_hold_ struct hold hold = {0}, mine = {0};
	int r = host_cluster(h, &req, &c, e);

	*out_host = NULL;
	if (r >= 0)
		r = host_hold(h, "", &mine, e);
	if (r >= 0)
		r = hold_get_other(c, spec, &mine, &hold, e);
	if (r > 0)
		*out_host = steal(&hold.host_name);
	return r;
}
