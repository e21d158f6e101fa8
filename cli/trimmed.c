/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/trimmed.h"
#include "base/str.h"

#include "cli/fields.h"

/* Before and after, where the cluster tells both. */
static char *change(const json_t *row, const char *key,
		    char *(*value)(const json_t *object, const char *key))
{
	_cleanup_free_ char *before = value(json_object_get(row, "usage_before"), key);
	_cleanup_free_ char *after = value(json_object_get(row, "usage"), key);
	char *out;

	if (!before || !after || str_printf(&out, "%s -> %s", before, after) < 0)
		return NULL;
	return out;
}

static char *objects(const json_t *row, const char *key)
{
	return change(row, key, field_number);
}

static char *stored(const json_t *row, const char *key)
{
	return change(row, key, field_size);
}

static const struct field columns[] = {
	{"VOLUME", "volume", field_text, false},
	{"TRIMMED", "trimmed", field_size, true},
	{"OBJECTS", "objects", objects, true},
	{"STORED", "stored", stored, true},
};

/* Add to SUM's KEY what ROW has of it. */
static void sum_add(json_t *sum, const json_t *row, const char *key)
{
	json_int_t a = json_integer_value(json_object_get(sum, key));
	json_int_t b = json_integer_value(json_object_get(row, key));

	json_object_set_new(sum, key, json_integer(a + b));
}

/* Of KEY of the usage, where both are known. */
static void add_usage(json_t *sum, const json_t *row, const char *key)
{
	static const char *const when[] = {"usage_before", "usage"};

	for (size_t i = 0; i < ARRAY_SIZE(when); i++)
		if (!json_object_get(json_object_get(row, when[i]), key))
			return;
	for (size_t i = 0; i < ARRAY_SIZE(when); i++) {
		if (!json_object_get(sum, when[i]))
			json_object_set_new(sum, when[i], json_object());
		sum_add(json_object_get(sum, when[i]), json_object_get(row, when[i]), key);
	}
}

json_t *trimmed_total(const json_t *rows)
{
	json_t *sum =
		json_pack("{s:s, s:i, s:i}", "volume", "total", "filesystems", 0, "trimmed", 0);
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)rows, i, row) {
		sum_add(sum, row, "filesystems");
		sum_add(sum, row, "trimmed");
		add_usage(sum, row, "objects");
		add_usage(sum, row, "stored");
	}
	return sum;
}

int trimmed_print(const json_t *rows, struct err **e)
{
	return fields_print_table(columns, ARRAY_SIZE(columns), rows, e);
}
