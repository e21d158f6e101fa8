/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a broken daemon could send to the command: an object or an error, never both. */
#include "cli/answer.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *out = NULL;
	int r = answer_parse((const char *)data, size, &out, &e);

	if (r == 0)
		must(!e && json_is_object(out));
	else
		must(r < 0 && e && e->message && *e->message);
	return 0;
}
