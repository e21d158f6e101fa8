/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host goes from rbdmap(8) to rbdvoltab(5). Neither daemon nor cluster is asked. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/rbdmap-plan.h"
#include "cli/rbdmap-tables.h"
#include "cli/rbdmap-units.h"
#include "cli/verb.h"

/* The exit status of the first bad line, or 0; the good ones are in P. */
static int read_lines(const struct cli *cli, const char *path, char *text, struct rbdmap_plan *p)
{
	int status = 0;
	char *line;

	for (unsigned number = 1; (line = strsep(&text, "\n")); number++) {
		_cleanup_rbdmap_line_ struct rbdmap_line l = {0};
		_cleanup_err_ struct err *e = NULL;
		_cleanup_free_ char *where = NULL;
		int r = rbdmap_parse(line, &l, &e);

		str_printf(&where, "%s:%u", path, number);
		if (r > 0)
			r = rbdmap_plan_add(p, &l, where ? where : path, &e);
		if (r >= 0)
			continue;
		err_wrap(&e, "%s", where ? where : path);
		status = cli_fail(cli, NULL, e);
	}
	return status;
}

static void print_lines(const char *before, const json_t *lines)
{
	json_t *line;
	size_t i;

	json_array_foreach((json_t *)lines, i, line) {
		fputs(before, stdout);
		cli_print_clean(stdout, json_string_value(line));
		putchar('\n');
	}
}

static void print_change(const char *path, const json_t *change)
{
	const char *now = "", *then = "";
	int line = 0;

	json_unpack((json_t *)change, "{s:i, s:s, s:s}", "line", &line, "now", &now, "then", &then);
	printf("%s:%d, to be changed by hand:\n  - ", path, line);
	cli_print_clean(stdout, now);
	fputs("\n  + ", stdout);
	cli_print_clean(stdout, then);
	putchar('\n');
}

static void print_plan(const struct rbdmap_plan *p)
{
	json_t *change;
	size_t i;

	if (json_array_size(p->add) || json_array_size(p->present))
		printf("%s:\n", p->table_path);
	print_lines("  + ", p->add);
	print_lines("    is there already: ", p->present);
	json_array_foreach(p->change, i, change) {
		print_change(p->fstab_path, change);
	}
	json_array_foreach(p->crypt, i, change) {
		print_change(p->crypttab_path, change);
	}
}

static int rbdmap_tell(const struct cli *cli, const struct rbdmap_plan *p, bool written,
		       struct err **e)
{
	_cleanup_json_ json_t *answer = json_pack(
		"{s:O, s:O, s:O, s:O, s:O, s:b}", "add", p->add, "present", p->present, "fstab",
		p->change, "crypttab", p->crypt, "notes", p->notes, "written", (int)written);

	if (!answer)
		return err_oom(e);
	if (cli->json)
		cli_print_json(answer);
	else
		print_plan(p);
	cli_notes(answer);
	if (!cli->json && json_array_size(p->add))
		fprintf(stderr, "rbdvol: note: %s\n",
			written ? "now: systemctl disable rbdmap (without --now, which would unmap "
				  "the devices); systemctl daemon-reload"
				: "nothing is written yet: --write does it");
	return 0;
}

int verb_rbdmap(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_rbdmap_plan_ struct rbdmap_plan p = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *text = NULL, *usual = NULL;
	const char *path = n ? args[0] : NULL;
	int r = rbdmap_plan_init(&p, &e), status = 0;
	bool write;

	(void)verb;
	if (r >= 0 && !path && (r = rbdmap_file(&p, &usual, &e)) >= 0)
		path = usual;
	if (r >= 0)
		r = rbdmap_read(path, true, &text, &e);
	if (r >= 0)
		status = read_lines(cli, path, text, &p);
	if (r >= 0)
		r = rbdmap_plan_tables(&p, path, &e);
	if (r >= 0)
		r = rbdmap_plan_units(&p, &e);
	if (r >= 0)
		r = rbdmap_plan_hooks(&p, &e);
	write = r >= 0 && cli->request.write && json_array_size(p.add);
	if (write && (r = file_replace(p.table_path, p.table, 0644)) < 0)
		err_errno(&e, r, "cannot write %s", p.table_path);
	if (r >= 0)
		r = rbdmap_tell(cli, &p, write, &e);
	return r < 0 ? cli_fail(cli, NULL, e) : status;
}
