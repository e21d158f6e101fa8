/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/options.h"
#include "base/socket-path.h"
#include "base/str.h"
#include "cli/verb.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/value.h"

const struct own_option own_options[] = {
#define OWN_OPTION(id, name, metavar, help) {name, metavar, help, FLAG_##id},
#include "cli/own-options.def"
#undef OWN_OPTION
};
const size_t own_options_n = ARRAY_SIZE(own_options);

/* getopt's value for a request's option is this and its index in request_options. */
#define REQUEST_FLAGS 1000
#define FLAGS_MAX     48

/* What getopt_long takes, with room for the names. */
struct flags {
	struct option list[FLAGS_MAX + 1];
	char names[FLAGS_MAX][FLAG_NAME_MAX];
	char letters[8];
};

void flag_name(const char *key, char out[static FLAG_NAME_MAX])
{
	size_t i = 0;

	for (; key[i] && i + 1 < FLAG_NAME_MAX; i++)
		out[i] = key[i] == '_' ? '-' : key[i];
	out[i] = '\0';
}

bool flag_taken(const struct request_option *o, const struct verb_info *verb)
{
	return verb ? (o->verbs & verb->verb) != 0 : o->verbs == VERB_EVERY;
}

/* The flags of VERB, or where it is NULL those that may stand before a verb. */
static void make_flags(const struct verb_info *verb, struct flags *f)
{
	size_t n = 0;

	*f = (struct flags){0};
	for (size_t i = 0; i < ARRAY_SIZE(own_options); i++)
		f->list[n++] = (struct option){own_options[i].name, own_options[i].metavar != NULL,
					       NULL, (int)own_options[i].flag};
	for (size_t i = 0; i < request_options_n && n < FLAGS_MAX; i++) {
		if (!flag_taken(&request_options[i], verb))
			continue;
		flag_name(request_options[i].key, f->names[n]);
		f->list[n] = (struct option){f->names[n], request_options[i].metavar != NULL, NULL,
					     REQUEST_FLAGS + (int)i};
		n++;
	}
	snprintf(f->letters, sizeof(f->letters), "%s:h%s", verb ? "" : "+",
		 verb && request_option_find(verb->verb, "options") ? "o:" : "");
}

static int bad_flag(const struct verb_info *verb, int c, const char *word, struct err **e)
{
	const char *name = verb ? verb->name : "rbdvol";

	if (c == ':')
		err_set(e, ERR_USAGE, -EINVAL, "option '%s' needs a value", word);
	else if (!strncmp(word, "--", 2) && optopt)
		err_set(e, ERR_USAGE, -EINVAL, "option '%.*s' takes no value",
			(int)strcspn(word, "="), word);
	else if (!strncmp(word, "--", 2))
		err_set(e, ERR_USAGE, -EINVAL, "%s takes no option '%s'", name, word);
	else
		err_set(e, ERR_USAGE, -EINVAL, "%s takes no option '-%c'", name, optopt);
	return err_hint(e, "rbdvol%s%s --help lists them", verb ? " " : "", verb ? name : "");
}

/* -o a -o b is -o a,b, as everywhere. */
static int add_map_options(struct cli *cli, const struct verb_info *verb, struct err **e)
{
	_cleanup_free_ char *both = NULL;
	const char *before = cli->request.map_options;

	if (str_printf(&both, "%s%s%s", before ? before : "", before ? "," : "", optarg) < 0)
		return err_oom(e);
	return cli_set_option(cli, verb->verb, "options", *optarg ? both : "", e);
}

static int set_request_option(struct cli *cli, const struct verb_info *verb,
			      const struct request_option *o, struct err **e)
{
	if (!strcmp(o->key, "options"))
		return add_map_options(cli, verb, e);
	return cli_set_option(cli, verb ? verb->verb : VERB_EVERY, o->key, optarg ? optarg : "yes",
			      e);
}

static int apply(struct cli *cli, const struct verb_info *verb, int c, const char *word,
		 struct err **e)
{
	if (c >= REQUEST_FLAGS)
		return set_request_option(cli, verb, &request_options[c - REQUEST_FLAGS], e);
	switch (c) {
	case FLAG_JSON:
		cli->json = true;
		return OPTIONS_RUN;
	case FLAG_SOCKET:
		cli->socket_path = optarg;
		return OPTIONS_RUN;
	case FLAG_RETRY:
		return value_seconds("--retry", optarg, &cli->retry_us, e);
	case FLAG_YES:
		cli->yes = true;
		return OPTIONS_RUN;
	case 'o':
		return add_map_options(cli, verb, e);
	case 'h':
	case FLAG_HELP:
		return OPTIONS_HELP;
	case FLAG_VERSION:
		return OPTIONS_VERSION;
	default:
		return bad_flag(verb, c, word, e);
	}
}

/* Read the flags of one part of the command line, up to its first argument where VERB is NULL;
 * optind then tells where the arguments begin. */
static int parse_part(struct cli *cli, const struct verb_info *verb, int argc, char **argv,
		      struct err **e)
{
	struct flags flags;
	int c;

	make_flags(verb, &flags);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((c = getopt_long(argc, argv, flags.letters, flags.list, NULL)) != -1) {
		int r = apply(cli, verb, c, argv[optind - 1], e);

		if (r)
			return r;
	}
	return OPTIONS_RUN;
}

static int check_count(const struct verb_info *verb, int n, struct err **e)
{
	const char *name = verb->name;
	int first = (int)strcspn(verb->arguments, " ");

	if (n >= verb->min_args && n <= verb->max_args)
		return 0;
	if (!verb->max_args)
		err_set(e, ERR_USAGE, -EINVAL, "%s takes no argument", name);
	else if (n < verb->min_args)
		err_set(e, ERR_USAGE, -EINVAL, "%s of what? %.*s is missing", name, first,
			verb->arguments);
	else
		err_set(e, ERR_USAGE, -EINVAL, "%s takes %s, not %d arguments", name,
			verb->arguments, n);
	return err_hint(e, "rbdvol %s --help", name);
}

int options_parse(struct cli *cli, int argc, char **argv, const struct verb_info **verb, int *n,
		  char ***args, struct err **e)
{
	int r = parse_part(cli, NULL, argc, argv, e);

	*verb = NULL;
	*n = 0;
	if (r)
		return r;
	argc -= optind;
	argv += optind;
	if (argc <= 0) {
		err_set(e, ERR_USAGE, -EINVAL, "a verb is missing");
		return err_hint(e, "rbdvol --help lists them");
	}
	*verb = verb_find(argv[0], e);
	if (!*verb)
		return -EINVAL;
	r = parse_part(cli, *verb, argc, argv, e);
	if (r)
		return r;
	*n = argc - optind;
	*args = argv + optind;
	r = check_count(*verb, *n, e);
	if (r < 0)
		return r;
	r = request_check(&cli->request, (*verb)->verb, e);
	return r < 0 ? err_hint(e, "rbdvol %s --help", (*verb)->name) : OPTIONS_RUN;
}
