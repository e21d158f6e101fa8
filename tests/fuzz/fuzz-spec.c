/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A spec that is taken prints as one that parses to the same; its link stays below the directory of
 * links and has nothing that udev or a shell would take for more than a name. */
#include <ctype.h>

#include "base/spec.h"
#include "tests/fuzz/fuzz.h"

static void check_link(const struct spec *s)
{
	_cleanup_free_ char *link = spec_link_name(s);
	_cleanup_free_ char *framed = NULL;

	must(link);
	for (const char *p = link; *p; p++)
		must(isalnum((unsigned char)*p) || strchr("#+.:=@_-\\/", *p));
	must(asprintf(&framed, "/%s/", link) > 0);
	must(!strstr(framed, "/./") && !strstr(framed, "/../") && !strstr(framed, "//"));
	must(strncmp(link, "by-id/", 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size), *printed = NULL;
	_cleanup_spec_ struct spec s = {0}, again = {0};
	_cleanup_err_ struct err *e = NULL;

	if (spec_parse(text, "rbd", &s, &e) < 0) {
		must(e && e->message && !s.pool && !s.image);
		return 0;
	}
	must(!e);
	printed = spec_format(&s);
	must(printed && spec_parse(printed, "other", &again, &e) == 0 && spec_equal(&s, &again));
	check_link(&s);
	return 0;
}
