/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of mount.rbdvol, one line each: taken or refused with a reason; what goes on to
 * mount(8) has none of ours in it. */
#include "cli/mount-options.h"
#include "tests/fuzz/fuzz.h"

static bool has_word(const char *list, const char *word)
{
	for (const char *p = strstr(list, word); p; p = strstr(p + 1, word))
		if (p == list || p[-1] == ',')
			return true;
	return false;
}

static void one(char *options)
{
	_cleanup_mount_request_ struct mount_request m = {0};
	_cleanup_err_ struct err *e = NULL;
	char *argv[] = {"mount.rbdvol", "p/v", "/", "-o", options, NULL};
	struct cli cli;
	int r;

	must(cli_init(&cli, &e) == 0);
	r = mount_request_parse(&cli, 5, argv, &m, &e);
	must_tell(r, e);
	if (r == 0 && !strchr(m.rest, '"'))
		must(!has_word(m.rest, "mkfs=") && !has_word(m.rest, "from="));
	cli_deinit(&cli);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		one(line);
	return 0;
}
