/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsmartcols.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/verb.h"

DEFINE_CLEANUP(struct libscols_table *, scols_unref_table)

static int add_image(struct libscols_table *table, struct libscols_line *parent,
		     const json_t *image);

/* *out: the line of WORDS; -1: out of memory. */
static int add_line(struct libscols_table *table, struct libscols_line *parent, const char *words,
		    struct libscols_line **out)
{
	*out = scols_table_new_line(table, parent);
	return *out && !scols_line_set_data(*out, 0, words) ? 0 : -1;
}

static int add_snapshot(struct libscols_table *table, struct libscols_line *parent,
			const json_t *snapshot)
{
	const char *name = json_string_value(json_object_get(snapshot, "name"));
	bool trash = json_is_true(json_object_get(snapshot, "trash"));
	_cleanup_free_ char *words = NULL;
	struct libscols_line *line;
	json_t *clone;
	size_t i;

	if (str_printf(&words, "@%s%s", name ? name : "?",
		       trash ? " (removed, kept for its clones)" : "") < 0)
		return -1;
	if (add_line(table, parent, words, &line) < 0)
		return -1;
	json_array_foreach(json_object_get(snapshot, "clones"), i, clone)
		if (add_image(table, line, clone) < 0)
			return -1;
	return 0;
}

static int add_image(struct libscols_table *table, struct libscols_line *parent,
		     const json_t *image)
{
	const char *name = json_string_value(json_object_get(image, "volume"));
	bool trash = json_is_true(json_object_get(image, "trash"));
	bool closed = json_is_true(json_object_get(image, "closed"));
	_cleanup_free_ char *words = NULL;
	struct libscols_line *line;
	json_t *snapshot;
	size_t i;

	if (str_printf(&words, "%s%s%s", name ? name : "?", trash ? " (in the trash)" : "",
		       closed ? " (what depends on it cannot be seen)" : "") < 0)
		return -1;
	if (add_line(table, parent, words, &line) < 0)
		return -1;
	json_array_foreach(json_object_get(image, "snapshots"), i, snapshot)
		if (add_snapshot(table, line, snapshot) < 0)
			return -1;
	return 0;
}

static int print(const json_t *image)
{
	cleanup(scols_unref_table_p) struct libscols_table *table = scols_new_table();

	if (!table || !scols_table_new_column(table, "VOLUME", 0, SCOLS_FL_TREE))
		return -1;
	scols_table_enable_noheadings(table, 1);
	scols_table_enable_minout(table, 1);
	if (add_image(table, NULL, image) < 0)
		return -1;
	return scols_print_table(table) ? -1 : 0;
}

int verb_tree(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	int status;

	(void)n;
	if (cli_answer(cli, verb, args[0], &answer, &status) &&
	    print(json_object_get(answer, "tree")) < 0) {
		err_oom(&e);
		return cli_fail(cli, NULL, e);
	}
	return status;
}
