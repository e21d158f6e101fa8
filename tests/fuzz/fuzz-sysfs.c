/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attributes of one mapping, as lines "ATTRIBUTE TEXT": the first of each is the attribute's
 * file, those that are missing an older kernel has not. A mapping that is read is whole. */
#include "mapper/krbd.h"
#include "mapper/mapping.h"

#include <sys/stat.h>

#include "tests/fuzz/fuzz-directory.h"

static const char *const attributes[] = {
	"pool",	 "pool_ns", "name",	    "current_snap", "snap_id",	   "pool_id", "major",
	"minor", "size",    "cluster_fsid", "image_id",	    "client_addr", "ro",
};

static void make_directories(const char *sys)
{
	static const char *const directories[] = {
		"bus", "bus/rbd", "bus/rbd/devices", "bus/rbd/devices/0", "block", "block/rbd0"};
	char path[320];

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), "%s/%s", sys, directories[i]);
		must(!mkdir(path, 0700));
	}
}

/* The text of NAME's line with its newline; NULL: there is none. */
static const uint8_t *find(const uint8_t *data, size_t size, const char *name, size_t *len)
{
	size_t skip = strlen(name);

	for (const uint8_t *at = data, *end; at < data + size; at = end) {
		end = memchr(at, '\n', (size_t)(data + size - at));
		end = end ? end + 1 : data + size;
		if ((size_t)(end - at) <= skip || memcmp(at, name, skip) || at[skip] != ' ')
			continue;
		*len = (size_t)(end - at) - skip - 1;
		return at + skip + 1;
	}
	return NULL;
}

static void write_tree(const char *sys, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		const char *name = attributes[i];
		size_t len = 0;
		const uint8_t *text = find(data, size, name, &len);
		char path[320];

		snprintf(path, sizeof(path), "%s/%s/%s", sys,
			 strcmp(name, "ro") ? "bus/rbd/devices/0" : "block/rbd0", name);
		fuzz_file(path, text, len);
	}
}

static void check(const struct device *d)
{
	_cleanup_free_ char *link = spec_link_name(&d->spec), *framed = NULL;

	must(d->spec.pool && d->spec.ns && d->spec.image && d->fsid && d->image_id);
	must(d->client_address && !strcmp(d->node, "/dev/rbd0"));
	must(!d->spec.snap == (d->snap_id == KRBD_HEAD));
	must(link && asprintf(&framed, "/%s/", link) > 0 && !strstr(framed, "/../"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_device_list_ struct device_list l = {0};
	const char *sys = fuzz_directory();
	static bool made;

	if (!made)
		make_directories(sys);
	made = true;
	write_tree(sys, data, size);
	if (krbd_mappings(sys, &l) < 0) {
		must(!l.n && !l.items);
		return 0;
	}
	must(l.n == 1);
	check(l.items);
	return 0;
}
