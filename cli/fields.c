/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/fields.h"

#include <libsmartcols.h>
#include <string.h>

#include "base/str.h"
#include "base/value.h"
#include "cli/cli.h"

char *field_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? strdup(text) : NULL;
}

char *field_number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	char *out;

	if (!json_is_integer(v) || str_printf(&out, "%lld", (long long)json_integer_value(v)) < 0)
		return NULL;
	return out;
}

char *field_size(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return NULL;
	return value_format_size((uint64_t)json_integer_value(v));
}

char *field_size_exact(const json_t *object, const char *key)
{
	_cleanup_free_ char *size = field_size(object, key);
	char *out;

	if (!size || str_printf(&out, "%s (%lld bytes)", size,
				(long long)json_integer_value(json_object_get(object, key))) < 0)
		return NULL;
	return out;
}

char *field_age(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	double s = json_number_value(v);
	long long whole = s >= 0 && s < 1e15 ? (long long)s : 0;
	char *out;
	int r;

	if (!json_is_number(v))
		return NULL;
	if (s < 60)
		r = str_printf(&out, "%.1f s", s < 0 ? 0 : s);
	else if (whole < 3600)
		r = str_printf(&out, "%lld min %lld s", whole / 60, whole % 60);
	else
		r = str_printf(&out, "%lld h %lld min", whole / 3600, whole / 60 % 60);
	return r < 0 ? NULL : out;
}

char *field_list(const json_t *object, const char *key)
{
	const json_t *array = json_object_get(object, key);
	struct text out;
	size_t i;
	json_t *item;
	FILE *f;

	if (!json_array_size(array))
		return NULL;
	f = text_begin(&out);
	if (!f)
		return NULL;
	json_array_foreach((json_t *)array, i, item)
		if (json_is_string(item))
			fprintf(f, "%s%s", i ? ", " : "", json_string_value(item));
	return text_end(f, &out);
}

DEFINE_CLEANUP(struct libscols_table *, scols_unref_table)

static int add_row(struct libscols_table *table, const struct field *fields, size_t n,
		   const json_t *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char *text = fields[i].value(row, fields[i].key);

		/* Every row has a word in every column, for those who cut it at blanks. */
		if (!text && !(text = strdup("-")))
			return -1;
		/* The line takes the text. */
		if (scols_line_refer_data(line, i, text)) {
			free(text);
			return -1;
		}
	}
	return 0;
}

int fields_print_table(const struct field *fields, size_t n, const json_t *rows, struct err **e)
{
	cleanup(scols_unref_table_p) struct libscols_table *table = scols_new_table();
	json_t *row;
	size_t k;

	if (!table)
		return err_oom(e);
	scols_table_enable_minout(table, 1); /* no blanks behind the last column */
	for (size_t i = 0; i < n; i++)
		if (!scols_table_new_column(table, fields[i].label, 0,
					    fields[i].right ? SCOLS_FL_RIGHT : 0))
			return err_oom(e);
	json_array_foreach((json_t *)rows, k, row)
		if (add_row(table, fields, n, row) < 0)
			return err_oom(e);
	if (json_array_size(rows))
		scols_print_table(table);
	return 0;
}

void fields_print_space(const json_t *answer, const char *done, const char *key)
{
	_cleanup_free_ char *before = field_size(json_object_get(answer, "usage_before"), key);
	_cleanup_free_ char *after = field_size(json_object_get(answer, "usage"), key);
	const char *volume = json_string_value(json_object_get(answer, "volume"));

	cli_print_clean(stdout, volume ? volume : "volume");
	if (before && after)
		printf(": %s, %s in the cluster, %s before\n", done, after, before);
	else
		printf(": %s\n", done);
}

void fields_print_lines(const struct field *fields, size_t n, const json_t *object)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (strlen(fields[i].label) > width)
			width = strlen(fields[i].label);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *text = fields[i].value(object, fields[i].key);

		if (!text)
			continue;
		printf("%s:%*s", fields[i].label, (int)(width - strlen(fields[i].label) + 2), "");
		cli_print_clean(stdout, text);
		putchar('\n');
	}
}
