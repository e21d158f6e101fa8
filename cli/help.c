/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/str.h"
#include "cli/help.h"
#include "cli/options.h"

#define LABEL_COLUMNS 30

/* "  LABEL      TEXT", LABEL counted in characters, as it may hold UTF-8. */
static void print_row(FILE *f, const char *label, const char *text)
{
	int width = 0;

	for (const char *p = label; *p; p++)
		width += (*p & 0xc0) != 0x80;
	fprintf(f, "  %s%*s%s\n", label, width < LABEL_COLUMNS - 1 ? LABEL_COLUMNS - width : 1, "",
		text);
}

static void print_flag(FILE *f, const char *letter, const char *name, const char *metavar,
		       const char *help)
{
	_cleanup_free_ char *label = NULL;

	str_printf(&label, "%s--%s%s%s", letter, name, metavar ? " " : "", metavar ? metavar : "");
	print_row(f, label ? label : name, help);
}

static void print_request_flags(FILE *f, const struct verb_info *verb)
{
	for (size_t i = 0; i < request_options_n; i++) {
		const struct request_option *o = &request_options[i];
		char name[FLAG_NAME_MAX];

		if (!flag_taken(o, verb) || (verb && flag_taken(o, NULL)))
			continue;
		flag_name(o->key, name);
		print_flag(f, strcmp(o->key, "options") ? "" : "-o, ", name, o->metavar, o->help);
	}
}

static void print_common_flags(FILE *f)
{
	fputs("\nOptions of every verb:\n", f);
	print_request_flags(f, NULL);
	for (size_t i = 0; i < own_options_n; i++)
		print_flag(f, own_options[i].flag == FLAG_HELP ? "-h, " : "", own_options[i].name,
			   own_options[i].metavar, own_options[i].help);
}

static void print_exit_statuses(FILE *f)
{
	static const struct {
		int status;
		const char *meaning;
	} statuses[] = {
		{0, "done"},
#define ERR_KIND(kind, name, exit, http, text) {exit, text},
#include "base/err-kinds.def"
#undef ERR_KIND
	};

	fputs("\nExit status:\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		fprintf(f, "  %2d  %s\n", statuses[i].status, statuses[i].meaning);
}

static bool has_flags(const struct verb_info *verb)
{
	for (size_t i = 0; i < request_options_n; i++)
		if (flag_taken(&request_options[i], verb) && !flag_taken(&request_options[i], NULL))
			return true;
	return false;
}

static void print_verb(FILE *f, const struct verb_info *verb)
{
	fprintf(f, "Usage: rbdvol %s [OPTION…]%s%s\n\nrbdvol %s: %s\n", verb->name,
		*verb->arguments ? " " : "", verb->arguments, verb->name, verb->help);
	if (has_flags(verb)) {
		fputs("\nOptions:\n", f);
		print_request_flags(f, verb);
	}
}

static void print_command(FILE *f)
{
	fputs("Usage: rbdvol VERB [OPTION…] [ARGUMENT…]\n\n"
	      "Block devices cloned from Ceph RBD images: a client of rbdvold.\n\nVerbs:\n",
	      f);
	for (size_t i = 0; i < VERBS_N; i++) {
		_cleanup_free_ char *label = NULL;

		str_printf(&label, "%s %s", verb_infos[i].name, verb_infos[i].arguments);
		print_row(f, label ? label : verb_infos[i].name, verb_infos[i].help);
	}
	fputs("\nA VOLUME is [POOL/[NAMESPACE/]]IMAGE[@SNAP]. rbdvol VERB --help tells more of a "
	      "verb.\n",
	      f);
}

void options_print_help(FILE *f, const struct verb_info *verb)
{
	if (verb)
		print_verb(f, verb);
	else
		print_command(f);
	print_common_flags(f);
	if (!verb)
		print_exit_statuses(f);
	fputs("\nFull documentation: man rbdvol\n", f);
}
