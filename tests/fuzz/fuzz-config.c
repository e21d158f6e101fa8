/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol.conf, and behind a line "---" a drop-in: in effect as a whole, or refused with a reason
 * and nothing in effect. */
#include <sys/stat.h>

#include "daemon/config.h"
#include "tests/fuzz/fuzz-directory.h"

static char file[300], drop_in[320];

static void make_directories(void)
{
	char directory[310];

	snprintf(file, sizeof(file), "%s/rbdvol.conf", fuzz_directory());
	snprintf(directory, sizeof(directory), "%s.d", file);
	snprintf(drop_in, sizeof(drop_in), "%s/a.conf", directory);
	must(!mkdir(directory, 0700));
}

static void check(const struct config *c)
{
	must(c->cluster && *c->cluster && c->pool && *c->pool);
	must(c->timeout_us && c->cluster_timeout_us && c->plugin_timeout_us && c->stuck_us);
	must(!c->user || strncmp(c->user, "client.", 7));
	must((!c->conf || *c->conf == '/') && (!c->keyring || *c->keyring == '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = memmem(data, size, "---\n", 4);
	_cleanup_config_ struct config c = {0};
	_cleanup_err_ struct err *e = NULL;
	int r;

	if (!*file)
		make_directories();
	fuzz_file(file, data, cut ? (size_t)(cut - data) : size);
	fuzz_file(drop_in, cut ? cut + 4 : NULL, cut ? size - (size_t)(cut + 4 - data) : 0);
	r = config_load(file, true, &c, &e);
	must_tell(r, e);
	if (r == 0)
		check(&c);
	else
		must(e->kind == ERR_USAGE && !c.cluster && !c.pool);
	return 0;
}
