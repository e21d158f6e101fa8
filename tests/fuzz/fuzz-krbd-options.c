/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Map options, and on a second line a spec: what is taken reads the same again, and the line that
 * the kernel gets has its five words. */
#include "mapper/krbd.h"
#include "mapper/mapping.h"
#include "tests/fuzz/fuzz.h"

static void check_again(const struct krbd_options *o)
{
	_cleanup_free_ char *text = strlist_join(&o->list, ",", 0), *second = NULL;
	_cleanup_krbd_options_ struct krbd_options again = {0};
	_cleanup_err_ struct err *e = NULL;

	must(text && krbd_options_parse(text, &again, &e) == 0);
	second = strlist_join(&again.list, ",", 0);
	must(second && !strcmp(text, second));
}

static void check_line(const struct krbd_options *o, const char *name)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *line = NULL;
	struct map_request req = {
		.spec = &spec, .monitors = "10.0.0.1:6789", .user = "admin", .options = o};
	unsigned blanks = 0;
	int r = spec_parse(name, "rbd", &spec, &e);

	if (r >= 0)
		r = krbd_add_line(&req, &line, &e);
	must_tell(r, e);
	for (const char *c = line; c && *c; c++) {
		must((unsigned char)*c >= ' ' && *c != 0x7f);
		blanks += *c == ' ';
	}
	must(!line || blanks == 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_krbd_options_ struct krbd_options o = {0};
	_cleanup_err_ struct err *e = NULL;
	char *rest = text;
	int r = krbd_options_parse(strsep(&rest, "\n"), &o, &e);

	must_tell(r, e);
	if (r < 0) {
		must(!o.list.n);
		return 0;
	}
	check_again(&o);
	check_line(&o, rest ? rest : "image");
	return 0;
}
