/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/rbdmap-devices.h"
#include "base/str.h"
#include "cli/mkfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/run.h"

#define BUS	   "/sys/bus/rbd/devices"
#define LAYERS_MAX 8

DEFINE_CLEANUP(DIR *, closedir)

static const struct {
	const char *word;      /* in fstab */
	const char *directory; /* of udev's links */
	const char *blkid;
} kinds[TAGS] = {
	[TAG_UUID] = {"UUID=", "/dev/disk/by-uuid/", "UUID"},
	[TAG_LABEL] = {"LABEL=", "/dev/disk/by-label/", "LABEL"},
	[TAG_PARTUUID] = {"PARTUUID=", "/dev/disk/by-partuuid/", "PART_ENTRY_UUID"},
	[TAG_PARTLABEL] = {"PARTLABEL=", "/dev/disk/by-partlabel/", "PART_ENTRY_NAME"},
};

/* --- what is here --- */

static void device_deinit(struct rbdmap_device *d)
{
	spec_deinit(&d->spec);
	free(d->node);
	free(d->suffix);
	for (size_t i = 0; i < TAGS; i++)
		free(d->tags[i]);
	*d = (struct rbdmap_device){0};
}

void rbdmap_devices_deinit(struct rbdmap_devices *d)
{
	for (size_t i = 0; i < d->n; i++)
		device_deinit(&d->items[i]);
	free(d->items);
	*d = (struct rbdmap_devices){0};
}

/* NODE, a device of SPEC or a partition of it, with what blkid finds there. */
static int devices_add(struct rbdmap_devices *out, const struct spec *spec, const char *node,
		       const char *suffix)
{
	struct rbdmap_device *grown = realloc(out->items, (out->n + 1) * sizeof(*grown)), *d;

	if (!grown)
		return -ENOMEM;
	out->items = grown;
	d = &grown[out->n++];
	*d = (struct rbdmap_device){.node = strdup(node), .suffix = strdup(suffix)};
	if (!d->node || !d->suffix || spec_copy(spec, &d->spec) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < TAGS; i++) {
		_cleanup_err_ struct err *ignored = NULL;

		if (mount_probe(node, kinds[i].blkid, &d->tags[i], &ignored) < 0)
			d->tags[i] = strdup("");
		if (!d->tags[i])
			return -ENOMEM;
	}
	return 0;
}

static char *attribute(int bus, const char *id, const char *name)
{
	_cleanup_free_ char *path = NULL;
	char *value = NULL;

	if (str_printf(&path, "%s/%s", id, name) < 0)
		return NULL;
	return file_read_line(bus, path, &value) < 0 ? NULL : value;
}

/* 1: mapping ID is of *out; 0: it cannot be read. */
static int mapping_read_spec(int bus, const char *id, struct spec *out)
{
	_cleanup_free_ char *pool = attribute(bus, id, "pool"), *ns = attribute(bus, id, "pool_ns");
	_cleanup_free_ char *name = attribute(bus, id, "name"),
			    *snap = attribute(bus, id, "current_snap");

	if (!pool || !name || !snap)
		return 0;
	return spec_init(out, pool, ns ? ns : "", name, strcmp(snap, "-") ? snap : NULL) < 0
		       ? -ENOMEM
		       : 1;
}

static int add_partitions(struct rbdmap_devices *out, const struct spec *spec, const char *id)
{
	char path[64], node[64], suffix[32];
	cleanup(closedir_p) DIR *dir = NULL;
	struct dirent *entry;
	int r = 0;

	snprintf(path, sizeof(path), "/sys/block/rbd%.10s", id);
	dir = opendir(path);
	while (r >= 0 && dir && (entry = readdir(dir))) {
		const char *p = strrchr(entry->d_name, 'p');

		if (strncmp(entry->d_name, "rbd", 3) || !p || !isdigit((unsigned char)p[1]))
			continue;
		snprintf(node, sizeof(node), "/dev/%.40s", entry->d_name);
		snprintf(suffix, sizeof(suffix), "-part%.10s", p + 1);
		r = devices_add(out, spec, node, suffix);
	}
	return r;
}

static int add_mapping(struct rbdmap_devices *out, int bus, const char *id)
{
	_cleanup_spec_ struct spec spec = {0};
	char node[32];
	int r = mapping_read_spec(bus, id, &spec);

	snprintf(node, sizeof(node), "/dev/rbd%.10s", id);
	if (r > 0)
		r = devices_add(out, &spec, node, "");
	return r < 0 ? r : add_partitions(out, &spec, id);
}

int rbdmap_devices_read(struct rbdmap_devices *out)
{
	cleanup(closedir_p) DIR *dir = opendir(BUS);
	struct dirent *entry;
	int r = 0;

	*out = (struct rbdmap_devices){0};
	while (r >= 0 && dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			r = add_mapping(out, dirfd(dir), entry->d_name);
	return r;
}

/* --- which is meant --- */

/* "\x20", as udev writes it in links, "\040", as fstab has it, and '"', in place. */
static void plain(char *text)
{
	char *to = text;
	unsigned byte;

	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' &&
		    (sscanf(p + 1, "x%2x", &byte) == 1 || sscanf(p + 1, "%3o", &byte) == 1)) {
			*to++ = (char)byte;
			for (int i = 0; i < 3 && p[1]; i++)
				p++;
		} else if (*p != '"') {
			*to++ = *p;
		}
	}
	*to = '\0';
}

/* The tag that SOURCE is of, and its value: to be freed. TAGS where it is of none. */
static enum rbdmap_tag tag_of(const char *source, char **value)
{
	for (size_t i = 0; i < TAGS; i++) {
		size_t word = strlen(kinds[i].word), directory = strlen(kinds[i].directory);
		bool is_word = !strncmp(source, kinds[i].word, word);

		if (!is_word && strncmp(source, kinds[i].directory, directory))
			continue;
		*value = strdup(source + (is_word ? word : directory));
		if (*value)
			plain(*value);
		return (enum rbdmap_tag)i;
	}
	return TAGS;
}

/* Another device of the host has it. */
static bool is_elsewhere(enum rbdmap_tag tag, const char *value)
{
	_cleanup_free_ char *word = NULL, *node = NULL;
	_cleanup_err_ struct err *ignored = NULL;

	if (str_printf(&word, "%s%s", kinds[tag].word, value) < 0)
		return false;
	const char *const argv[] = {"blkid", "-l", "-o", "device", "-t", word, NULL};

	return program_run_line(argv, &node, &ignored) == 0 && *node;
}

static enum rbdmap_place find_tag(const struct rbdmap_devices *d, enum rbdmap_tag tag,
				  const char *value, const struct rbdmap_device **out)
{
	size_t found = 0;

	for (size_t i = 0; i < d->n; i++)
		if (*value && !strcasecmp(d->items[i].tags[tag], value)) {
			*out = &d->items[i];
			found++;
		}
	if (found)
		return found == 1 ? PLACE_VOLUME : PLACE_SEVERAL;
	return is_elsewhere(tag, value) ? PLACE_OTHER : PLACE_NOWHERE;
}

static const struct rbdmap_device *with_node(const struct rbdmap_devices *d, const char *node)
{
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->items[i].node, node))
			return &d->items[i];
	return NULL;
}

/* The rbd device that NAME, "dm-0" or "md0", is on. */
static const struct rbdmap_device *below(const struct rbdmap_devices *d, const char *name,
					 unsigned layers)
{
	const struct rbdmap_device *found = NULL;
	cleanup(closedir_p) DIR *dir = NULL;
	_cleanup_free_ char *path = NULL;
	struct dirent *entry;

	if (str_printf(&path, "/sys/class/block/%s/slaves", name) < 0)
		return NULL;
	dir = layers < LAYERS_MAX ? opendir(path) : NULL;
	while (!found && dir && (entry = readdir(dir))) {
		char node[NAME_MAX + 8];

		if (*entry->d_name == '.')
			continue;
		snprintf(node, sizeof(node), "/dev/%s", entry->d_name);
		found = with_node(d, node);
		if (!found)
			found = below(d, entry->d_name, layers + 1);
	}
	return found;
}

static bool is_number(const char *source)
{
	return !strncmp(source, "/dev/rbd", 8) && isdigit((unsigned char)source[8]);
}

enum rbdmap_place rbdmap_devices_find(const struct rbdmap_devices *d, const char *source,
				      const struct rbdmap_device **out)
{
	_cleanup_free_ char *value = NULL, *node = NULL;
	enum rbdmap_tag tag = tag_of(source, &value);

	*out = NULL;
	if (tag != TAGS)
		return value ? find_tag(d, tag, value, out) : PLACE_OTHER;
	if (strncmp(source, "/dev/", 5))
		return PLACE_OTHER;
	node = realpath(source, NULL);
	*out = with_node(d, node ? node : source);
	if (*out)
		return PLACE_VOLUME;
	if (is_number(source))
		return PLACE_NUMBER;
	if (!node)
		return PLACE_NOWHERE;
	*out = below(d, strrchr(node, '/') + 1, 0);
	return *out ? PLACE_LAYERED : PLACE_OTHER;
}

char *rbdmap_link(const struct spec *spec, const char *suffix)
{
	_cleanup_free_ char *name = spec_link_name(spec);
	char *out;

	return name && str_printf(&out, "/dev/rbdvol/%s%s", name, suffix) == 0 ? out : NULL;
}
