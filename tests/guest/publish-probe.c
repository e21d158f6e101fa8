/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that a CSI driver would need of volume/publish.h (docs/csi.md), for tests: no daemon.
 *
 *   publish-probe stage SPEC [FILE-SYSTEM] | unstage SPEC
 *   publish-probe at SPEC PATH [ro] | leave SPEC PATH
 *   publish-probe capacity POOL
 *
 * Exit status and message are those of the error. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "volume/host.h"
#include "volume/progress.h"
#include "volume/publish-at.h"
#include "volume/publish-notes.h"
#include "volume/publish.h"

#define WAIT_US (100 * USEC_PER_SEC)

static int capacity(struct host *h, const char *pool, struct err **e)
{
	uint64_t bytes;
	int r = publish_capacity(h, pool, &bytes, e);

	if (r >= 0)
		printf("%" PRIu64 "\n", bytes);
	return r;
}

static int act(struct host *h, const char *verb, const struct spec *spec, char **more,
	       struct err **e)
{
	struct progress p = {.deadline = deadline_in(WAIT_US)};
	const struct stage_options options = {.fs = more[0]};

	if (!strcmp(verb, "stage"))
		return publish_stage(h, spec, &options, &p, e);
	if (!strcmp(verb, "unstage"))
		return publish_unstage(h, spec, &p, e);
	if (more[0] && !strcmp(verb, "at"))
		return publish_at(spec, more[0], more[1] != NULL, e);
	if (more[0] && !strcmp(verb, "leave"))
		return publish_leave(spec, more[0], e);
	return err_set(e, ERR_USAGE, -EINVAL, "no such verb: %s", verb);
}

static int run(struct host *h, char **words, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	int r;

	if (!strcmp(words[0], "capacity"))
		return capacity(h, words[1], e);
	r = spec_parse(words[1], "rbd", &spec, e);
	return r < 0 ? r : act(h, words[0], &spec, words + 2, e);
}

int main(int argc, char **argv)
{
	const struct host_config config = {.timeout_us = WAIT_US};
	_cleanup_err_ struct err *e = NULL;
	struct host *h = NULL;
	int r = argc < 3 ? err_set(&e, ERR_USAGE, -EINVAL, "usage: publish-probe VERB SPEC …")
			 : host_new(&config, NULL, &h, &e);

	if (r >= 0)
		r = run(h, argv + 1, &e);
	host_free(h);
	if (r >= 0)
		return 0;
	fprintf(stderr, "publish-probe: %s\n", e->message);
	return err_exit_status(e->kind);
}
