/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the cluster knows of volumes that are published: notes on them, where they are, who else has
 * them. */
#include <errno.h>
#include <string.h>

#include "volume/operation.h"
#include "volume/publish.h"

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
	if (r > 0 && !**out) { /* a note can't be removed, only emptied */
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

/* 1: IMAGE, one of a list of all, is NAME and has the note KEY; *out is its spec. */
static int is_found(struct host *h, const char *image, const char *name, const char *key,
		    struct spec *out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *why = NULL;
	_cleanup_free_ char *note = NULL;
	int r;

	if (spec_parse(image, "", &spec, &why) < 0 || strcmp(spec.image, name))
		return 0;
	r = publish_note_get(h, &spec, key, &note, &why);
	if (r < 0 && r != -ENOENT) {
		*e = steal(&why);
		return r;
	}
	if (r <= 0)
		return 0;
	*out = spec;
	spec = (struct spec){0};
	return 1;
}

static int refuse_two(const struct spec *one, const struct spec *other, struct err **e)
{
	_cleanup_free_ char *a = spec_format(one), *b = spec_format(other);

	if (!a || !b)
		return err_oom(e);
	return err_set(e, ERR_EXISTS, -EEXIST, "which volume is meant: %s or %s?", a, b);
}

int publish_find(struct host *h, const char *name, const char *key, struct spec *out,
		 struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_strlist_ struct strlist images = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	*out = (struct spec){0};
	if (r >= 0)
		r = image_list(c, NULL, &images, e);
	for (size_t i = 0; r >= 0 && i < images.n; i++) {
		_cleanup_spec_ struct spec found = {0};

		r = is_found(h, images.items[i], name, key, &found, e);
		if (r <= 0)
			continue;
		if (out->image)
			r = refuse_two(out, &found, e);
		else
			*out = found, found = (struct spec){0};
	}
	if (r < 0)
		spec_deinit(out);
	return r < 0 ? r : out->image != NULL;
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
