/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options as lines "verb key value": each is taken or refused with a reason, and a request that is
 * filled and emptied at random stays whole. */
#include "base/request.h"
#include "tests/fuzz/fuzz.h"

static enum verb verb_of(const char *name)
{
	for (int v = 1; v < VERB_EVERY; v <<= 1)
		if (!strcmp(name, verb_name((enum verb)v)))
			return (enum verb)v;
	return VERB_ATTACH;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_request_ struct volume_request req = {0};
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		const char *name = strsep(&line, " ");
		const char *key = line ? strsep(&line, " ") : "";
		enum verb verb = verb_of(name);
		_cleanup_err_ struct err *e = NULL, *check = NULL;
		int r = request_set(&req, verb, key, line ? line : "", &e);

		must_tell(r, e);
		must(r < 0 || request_option_find(verb, key));
		must((request_check(&req, verb, &check) == 0) == !check);
	}
	return 0;
}
