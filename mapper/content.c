/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/content.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <string.h>

/* blkid_do_safeprobe's answers */
enum { FOUND = 0, NOTHING = 1, SEVERAL = -2 };

static void probe_free(blkid_probe p)
{
	blkid_free_probe(p);
}
DEFINE_CLEANUP(blkid_probe, probe_free)

static int take(blkid_probe p, const char *name, char **out)
{
	const char *value;

	if (blkid_probe_lookup_value(p, name, &value, NULL) < 0 || !*value)
		return 0;
	*out = strdup(value);
	return *out ? 0 : -ENOMEM;
}

static int fill(blkid_probe p, int answer, struct content *out)
{
	if (answer == SEVERAL) {
		out->type = strdup("ambiguous");
		return out->type ? 0 : -ENOMEM;
	}
	if (take(p, "TYPE", &out->type) < 0 || take(p, "LABEL", &out->label) < 0 ||
	    take(p, "UUID", &out->uuid) < 0 || take(p, "PTTYPE", &out->partition_table) < 0)
		return -ENOMEM;
	return 0;
}

int content_probe(const char *node, struct content *out, struct err **e)
{
	cleanup(probe_free_p) blkid_probe p = NULL;
	int answer;

	*out = (struct content){0};
	errno = 0;
	p = blkid_new_probe_from_filename(node);
	if (!p)
		return err_errno(e, errno ? -errno : -ENOMEM, "cannot open %s to look at it", node);
	blkid_probe_enable_superblocks(p, 1);
	blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
						     BLKID_SUBLKS_UUID);
	blkid_probe_enable_partitions(p, 1);
	errno = 0;
	answer = blkid_do_safeprobe(p);
	if (answer == NOTHING)
		return 0;
	if (answer != FOUND && answer != SEVERAL)
		return err_errno(e, errno ? -errno : -EIO, "cannot read what is on %s", node);
	if (fill(p, answer, out) < 0) {
		content_deinit(out);
		return err_oom(e);
	}
	return 0;
}

void content_deinit(struct content *c)
{
	free(c->type);
	free(c->label);
	free(c->uuid);
	free(c->partition_table);
	*c = (struct content){0};
}
