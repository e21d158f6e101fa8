/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, as it reaches the daemon, and what is refused before that. */
#include "cli/ceph-args.h"
#include "cli/help.h"
#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ARGS_MAX 16

struct parsed {
	struct cli cli;
	const struct verb_info *verb;
	int n;
	char **args;
	char *argv[ARGS_MAX];
	char *line;
};

/* LINE is cut at blanks; "" stands for an empty argument. */
static int parse(struct parsed *p, const char *line, struct err **e)
{
	int argc = 0, r;
	char *save = NULL;

	*p = (struct parsed){.line = strdup(line)};
	p->argv[argc++] = (char *)"rbdvol";
	for (char *w = strtok_r(p->line, " ", &save); w && argc < ARGS_MAX - 1;
	     w = strtok_r(NULL, " ", &save))
		p->argv[argc++] = strcmp(w, "\"\"") ? w : w + 2;
	r = cli_init(&p->cli, e);
	return r < 0 ? r : options_parse(&p->cli, argc, p->argv, &p->verb, &p->n, &p->args, e);
}

static void release(struct parsed *p)
{
	cli_deinit(&p->cli);
	free(p->line);
}

static void options_reach_the_daemon_as_they_were_given(void **state)
{
	static const struct {
		const char *line, *verb, *options;
		int n;
	} lines[] = {
		{"attach web1", "attach", "{}", 1},
		{"attach web1 --from golden --size 10G", "attach",
		 "{\"from\":\"golden\",\"size\":\"10G\"}", 1},
		{"attach --read-only --shared web1", "attach",
		 "{\"read_only\":true,\"shared\":true}", 1},
		{"attach web1 -o a=1 -o b", "attach", "{\"options\":\"a=1,b\"}", 1},
		{"attach web1 --options=a=1,b", "attach", "{\"options\":\"a=1,b\"}", 1},
		{"--pool p attach web1 --id=u", "attach", "{\"id\":\"u\",\"pool\":\"p\"}", 1},
		{"--pool p attach web1 --pool q", "attach", "{\"pool\":\"q\"}", 1},
		{"create --clone-format 1 a --from b", "create",
		 "{\"clone_format\":\"1\",\"from\":\"b\"}", 1},
		{"delete a b c", "delete", "{}", 3},
		{"detach --force a -- --b", "detach", "{\"force\":true}", 2},
		{"list --all --timeout 2.5 --cluster c", "list",
		 "{\"all\":true,\"cluster\":\"c\",\"timeout\":\"2.5\"}", 0},
		{"jobs --yes", "jobs", "{}", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *options = NULL;
		struct parsed p;

		assert_works(parse(&p, lines[i].line, &e));
		assert_string_equal(verb_name(p.verb->verb), lines[i].verb);
		assert_int_equal(p.n, lines[i].n);
		options = json_dumps(p.cli.options, JSON_SORT_KEYS | JSON_COMPACT);
		assert_string_equal(options, lines[i].options);
		release(&p);
	}
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *line, *reason;
	} lines[] = {
		{"", "a verb is missing"},
		{"--json", "a verb is missing"},
		{"atach web1", "did you mean 'attach'?"},
		{"unmap web1", "did you mean 'detach'?"},
		{"frobnicate", "there is no verb 'frobnicate'"},
		{"frobnicatefrobnicatefrobnicate", "there is no verb"},
		{"--from a attach b", "rbdvol takes no option '--from'"},
		{"attach", "VOLUME is missing"},
		{"attach a b", "not 2"},
		{"list a", "takes no argument"},
		{"attach a --froom b", "attach takes no option '--froom'"},
		{"attach a --from", "option '--from' needs a value"},
		{"attach a -o", "option '-o' needs a value"},
		{"attach a -o \"\"", "empty value"},
		{"attach a --read-only=yes", "option '--read-only' takes no value"},
		{"attach a -x", "attach takes no option '-x'"},
		{"detach a -o x", "detach takes no option '-o'"},
		{"detach a --from b", "detach takes no option '--from'"},
		{"create a", "needs a parent"},
		{"create a --size 0", "must not be 0"},
		{"create a --size ten", "is not a size"},
		{"create a --from \"\"", "empty value"},
		{"create a --from \xff", "UTF-8"},
		{"attach a --size 1G", "only with a parent"},
		{"list --timeout soon", "seconds"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct parsed p;

		assert_fails(parse(&p, lines[i].line, &e),
			     -EINVAL + (strstr(lines[i].reason, "be 0") ? -ERANGE + EINVAL : 0),
			     ERR_USAGE, lines[i].reason);
		release(&p);
	}
}

static void help_and_version_come_before_all_else(void **state)
{
	static const struct {
		const char *line, *verb;
		int outcome;
	} lines[] = {
		{"--help", NULL, OPTIONS_HELP},
		{"-h", NULL, OPTIONS_HELP},
		{"attach --help", "attach", OPTIONS_HELP},
		{"create -h", "create", OPTIONS_HELP},
		{"--version", NULL, OPTIONS_VERSION},
		{"list --version", "list", OPTIONS_VERSION},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_err_ struct err *e = NULL;
		struct parsed p;

		assert_int_equal(parse(&p, lines[i].line, &e), lines[i].outcome);
		assert_int_equal(!p.verb, !lines[i].verb);
		if (p.verb)
			assert_string_equal(verb_name(p.verb->verb), lines[i].verb);
		release(&p);
	}
}

static void ceph_args_are_defaults(void **state)
{
	static const struct {
		const char *text, *options;
	} values[] = {
		{"", "{}"},
		{"--id web", "{\"id\":\"web\"}"},
		{"--id=web --cluster=east", "{\"cluster\":\"east\",\"id\":\"web\"}"},
		{"-n client.web", "{\"id\":\"web\"}"},
		{"--name=client.web", "{\"id\":\"web\"}"},
		{"--user web", "{\"id\":\"web\"}"},
		{"--debug_rbd=20 --keyring /x --id web", "{\"id\":\"web\"}"},
		{"--id", "{}"},
		{"--id=", "{}"},
		{"-n client.", "{}"},
		{"  --conf /etc/x.conf ", "{}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_free_ char *options = NULL;
		_cleanup_cli_ struct cli cli = {0};

		assert_works(cli_init(&cli, &e));
		assert_works(cli_apply_ceph_args(&cli, values[i].text, &e));
		options = json_dumps(cli.options, JSON_SORT_KEYS | JSON_COMPACT);
		assert_string_equal(options, values[i].options);
	}
}

static void every_verb_and_option_is_in_the_help(void **state)
{
	(void)state;
	for (size_t v = 0; v < VERBS_N; v++) {
		_cleanup_free_ char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		options_print_help(f, &verb_infos[v]);
		fclose(f);
		for (size_t i = 0; i < request_options_n; i++) {
			char name[FLAG_NAME_MAX], flag[FLAG_NAME_MAX + 4];

			flag_name(request_options[i].key, name);
			snprintf(flag, sizeof(flag), "--%s%s", name,
				 request_options[i].metavar ? " " : "  ");
			assert_int_equal(strstr(text, flag) != NULL,
					 (request_options[i].verbs & verb_infos[v].verb) != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_reach_the_daemon_as_they_were_given),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(help_and_version_come_before_all_else),
		cmocka_unit_test(ceph_args_are_defaults),
		cmocka_unit_test(every_verb_and_option_is_in_the_help),
	};

	unsetenv("CEPH_ARGS");
	unsetenv("RBDVOL_SOCKET");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
