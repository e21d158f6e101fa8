/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "rbd/leftover.h"
#include "volume/finding.h"
#include "volume/operation.h"

struct pruning {
	struct cluster *cluster;
	struct progress *progress;
	struct finding_list *out;
	bool dry_run;
};

static int tell(struct pruning *p, const char *about, const char *name, int removed, struct err **e)
{
	return finding_add(p->out, FINDING_OK, about, NULL, e, "%s %s", name,
			   p->dry_run ? "would be removed"
			   : removed  ? "is removed"
				      : "stays: it is in use, or gone already");
}

static int remove_clone(struct pruning *p, const char *name, struct err **e)
{
	int r = p->dry_run ? 0 : leftover_remove_clone(p->cluster, name, p->progress->deadline, e);

	return r < 0 ? r : tell(p, "unfinished clone", name, r, e);
}

static int remove_snapshot(struct pruning *p, const char *name, struct err **e)
{
	int r = p->dry_run ? 0 : leftover_remove_snapshot(p->cluster, name, e);

	return r < 0 ? r : tell(p, "unused snapshot", name, r, e);
}

static int remove_each(struct pruning *p, const struct strlist *names,
		       int (*remove)(struct pruning *p, const char *name, struct err **e),
		       struct err **e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < names->n; i++)
		r = remove(p, names->items[i], e);
	return r;
}

/* What is to be looked at: req->from as people write it, "pool/image"; NULL: everything. */
static int parent_name(struct host *h, const struct volume_request *req, char **out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	int r;

	if (!req->from)
		return 0;
	r = spec_parse(req->from, host_pool(h, req), &spec, e);
	if (r < 0)
		return r;
	if (spec.snap)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "prune takes an image, not a snapshot ('@%s')", spec.snap);
	*out = spec_format(&spec);
	return *out ? 0 : err_oom(e);
}

int volume_prune(struct host *h, const struct volume_request *req, struct progress *p,
		 struct finding_list *out, struct err **e)
{
	_cleanup_cluster_ struct cluster *c = NULL;
	_cleanup_leftovers_ struct leftovers left = {0};
	_cleanup_free_ char *parent = NULL;
	struct pruning pruning = {.progress = p, .out = out, .dry_run = req->dry_run};
	int r = parent_name(h, req, &parent, e);

	if (r >= 0)
		r = host_cluster(h, req, &c, e);
	if (r >= 0)
		r = leftovers_find(c, req->pool, parent, host_identity(h)->id, &left, e);
	pruning.cluster = c;
	if (r >= 0)
		r = remove_each(&pruning, &left.clones, remove_clone, e);
	if (r >= 0)
		r = remove_each(&pruning, &left.snapshots, remove_snapshot, e);
	return r < 0 ? r : 0;
}
