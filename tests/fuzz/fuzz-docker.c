/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request of a container runtime, and the options noted on a volume: refused with a reason, or
 * they read back the same from what is noted. */
#include <errno.h>

#include "docker/request.h"
#include "tests/fuzz/fuzz.h"

static void check_note(const struct docker_options *o)
{
	_cleanup_docker_options_ struct docker_options again = {0};
	_cleanup_free_ char *note = docker_options_format(o), *second = NULL;
	_cleanup_err_ struct err *e = NULL;
	int r = docker_options_parse(note, &again, &e);

	must_tell(r, e);
	if (r < 0) { /* its length alone */
		must(r == -E2BIG);
		return;
	}
	second = docker_options_format(&again);
	must(!strcmp(note, second));
	must(o->keep == again.keep && o->size_bytes == again.size_bytes);
}

static void asked(const uint8_t *data, size_t size)
{
	_cleanup_docker_request_ struct docker_request r = {0};
	_cleanup_docker_options_ struct docker_options o = {0};
	_cleanup_err_ struct err *e = NULL;
	int ret = docker_request_parse((const char *)data, size, &r, &e);

	must_tell(ret, e);
	if (ret < 0)
		return;
	must(r.name && *r.name && r.id);
	ret = docker_request_options(&r, &o, &e);
	must_tell(ret, e);
	if (ret >= 0)
		check_note(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_docker_options_ struct docker_options o = {0};
	_cleanup_err_ struct err *e = NULL;
	int r = docker_options_parse(text, &o, &e);

	must_tell(r, e);
	if (r >= 0)
		check_note(&o);
	asked(data, size);
	return 0;
}
