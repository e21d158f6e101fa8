/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/fields.h"
#include "cli/verb.h"

/* A printed string, or NULL where TEXT is NULL or memory is out. */
#define WORDS(fmt, ...)                                                                            \
	({                                                                                         \
		char *_out;                                                                        \
		str_printf(&_out, fmt, __VA_ARGS__) < 0 ? NULL : _out;                             \
	})

static char *parent(const json_t *volume, const char *key)
{
	_cleanup_free_ char *name = field_text(volume, key);
	_cleanup_free_ char *overlap = field_size(volume, "overlap");
	bool trash = json_is_true(json_object_get(volume, "parent_in_trash"));

	if (!name)
		return NULL;
	return WORDS("%s%s%s%s%s", name, trash ? ", in the trash" : "", overlap ? " (" : "",
		     overlap ? overlap : "", overlap ? " of it shared)" : "");
}

static char *usage(const json_t *volume, const char *key)
{
	const json_t *u = json_object_get(volume, key);
	_cleanup_free_ char *used = field_size(u, "used"), *shared = field_size(u, "shared");
	_cleanup_free_ char *objects = field_number(u, "objects");

	if (!used || !objects)
		return NULL;
	return WORDS("%s in %s objects, and %s of its parents'", used, objects,
		     shared ? shared : "what is not known");
}

static char *reclaimable(const json_t *volume, const char *key)
{
	_cleanup_free_ char *size = field_size(volume, key);

	return size ? WORDS("at most %s, by a trim", size) : NULL;
}

static char *striping(const json_t *volume, const char *key)
{
	_cleanup_free_ char *unit = field_size(volume, key);
	_cleanup_free_ char *count = field_number(volume, "stripe_count");

	return unit && count && strcmp(count, "1") ? WORDS("%s over %s objects", unit, count)
						   : NULL;
}

static char *device(const json_t *volume, const char *key)
{
	_cleanup_free_ char *node = field_text(volume, key);

	if (!node)
		return strdup("not attached here");
	return WORDS("%s%s%s", node,
		     json_is_true(json_object_get(volume, "read_only")) ? ", read-only" : "",
		     json_is_true(json_object_get(volume, "fenced")) ? ", fenced" : "");
}

static char *filesystem(const json_t *volume, const char *key)
{
	const json_t *fs = json_object_get(volume, key);
	_cleanup_free_ char *type = field_text(fs, "type");
	_cleanup_free_ char *label = field_text(fs, "label"), *uuid = field_text(fs, "uuid");

	if (!type)
		return NULL;
	return WORDS("%s%s%s%s%s", type, label ? ", label " : "", label ? label : "",
		     uuid ? ", UUID " : "", uuid ? uuid : "");
}

static char *holder(const json_t *volume, const char *key)
{
	const json_t *hold = json_object_get(volume, key);
	_cleanup_free_ char *host = field_text(hold, "host");
	_cleanup_free_ char *address = field_text(hold, "address");
	_cleanup_free_ char *since = field_text(hold, "since");

	if (!host)
		return NULL;
	return WORDS("%s%s%s%s%s%s%s", host, address ? " (" : "", address ? address : "",
		     address ? ")" : "", since ? " since " : "", since ? since : "",
		     json_is_true(json_object_get(hold, "shared")) ? ", shared" : "");
}

static const struct field lines[] = {
	{"volume", "volume", field_text, false},
	{"id", "id", field_text, false},
	{"size", "size", field_size_exact, false},
	{"used", "usage", usage, false},
	{"reclaimable", "reclaimable", reclaimable, false},
	{"created", "created", field_text, false},
	{"parent", "parent", parent, false},
	{"snapshots", "snapshots", field_number, false},
	{"object size", "object_size", field_size, false},
	{"striping", "stripe_unit", striping, false},
	{"data pool", "data_pool", field_text, false},
	{"features", "features", field_list, false},
	{"held by", "held_by", holder, false},
	{"device", "device", device, false},
	{"link", "link", field_text, false},
	{"client address", "client_address", field_text, false},
	{"content", "filesystem", filesystem, false},
	{"mounted on", "mounts", field_list, false},
};

int verb_show(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_json_ json_t *answer = NULL;
	int status;

	(void)n;
	if (cli_answer(cli, verb, args[0], &answer, &status))
		fields_print_lines(lines, ARRAY_SIZE(lines), answer);
	return status;
}
