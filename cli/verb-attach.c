/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/verb.h"

/* Whether the user, told WHY it cannot be had just so, lets it be taken away. */
static bool may_take_away(const struct cli *cli, const struct err *why)
{
	_cleanup_free_ char *question = NULL;

	if (why->kind != ERR_HELD || !isatty(STDIN_FILENO))
		return false;
	if (str_printf(&question, "%s; take it away? Its writes will fail", why->message) < 0)
		return false;
	return cli_confirm(cli, question);
}

/* Nothing is stolen before the user has said so: the first attempt goes without. */
static int attach(struct cli *cli, enum verb verb, const char *name, json_t **answer,
		  struct err **e)
{
	_cleanup_json_ json_t *gentle = json_copy(cli->options);
	int r;

	if (!gentle)
		return err_oom(e);
	if (!cli->request.steal || cli->yes)
		return cli_call(cli, verb, name, cli->options, answer, e);
	json_object_del(gentle, "steal");
	json_object_del(gentle, "steal_shared");
	r = cli_call(cli, verb, name, gentle, answer, e);
	if (r >= 0 || !may_take_away(cli, *e)) {
		if (r < 0 && (*e)->kind == ERR_HELD)
			err_hint(e, "it stays so; --steal --yes takes it away without asking");
		return r;
	}
	err_free(steal(e));
	json_decref(steal(answer));
	return cli_call(cli, verb, name, cli->options, answer, e);
}

int verb_attach(struct cli *cli, enum verb verb, int n, char **args)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *answer = NULL;
	const char *link = NULL;

	(void)n;
	if (attach(cli, verb, args[0], &answer, &e) < 0)
		return cli_fail(cli, answer, e);
	cli_notes(answer);
	if (cli->json) {
		cli_print_json(answer);
		return 0;
	}
	json_unpack(answer, "{s?s}", "link", &link);
	if (!link) {
		err_set(&e, ERR_FAILED, -EBADMSG,
			"%s is attached, but rbdvold reports no link of it", args[0]);
		return cli_fail(cli, NULL, e);
	}
	puts(link);
	return 0;
}
