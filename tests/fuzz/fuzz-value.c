/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers: what is taken is within its limits, what is refused leaves the value and gives a reason.
 */
#include "base/value.h"
#include "tests/fuzz/fuzz.h"

#define UNTOUCHED UINT64_C(0xdeadbeefdeadbeef)

/* By pointer: the value is to be looked at after the call in R. */
static void outcome(int r, const uint64_t *at, uint64_t min, uint64_t max, struct err **e)
{
	uint64_t v = *at;

	if (r == 0)
		must(!*e && v >= min && v <= max);
	else
		must(r < 0 && *e && (*e)->kind == ERR_USAGE && v == UNTOUCHED);
	err_free(*e);
	*e = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size), *printed = NULL;
	_cleanup_err_ struct err *e = NULL;
	uint64_t v = UNTOUCHED;
	bool flag;

	outcome(value_size("size", text, &v, &e), &v, 1, INT64_MAX, &e);
	if (v != UNTOUCHED)
		must((printed = value_format_size(v)));
	v = UNTOUCHED;
	outcome(value_volume_size("size", text, &v, &e), &v, 512, INT64_MAX, &e);
	v = UNTOUCHED;
	outcome(value_u64("number", text, 3, 1000, &v, &e), &v, 3, 1000, &e);
	v = UNTOUCHED;
	outcome(value_seconds("time", text, &v, &e), &v, 1,
		UINT64_C(366) * 86400 * 1000000 + 999999, &e);
	must((value_bool("flag", text, &flag, &e) == 0) == !e);
	return 0;
}
