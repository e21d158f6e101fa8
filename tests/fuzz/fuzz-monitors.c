/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitors' map as the monitors dump it: addresses, or the word that it has none. */
#include <errno.h>
#include <jansson.h>

#include "base/json.h"
#include "ceph/monitors.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(json_decref_p) json_t *dump =
		json_loadb((const char *)data, size, JSON_DISABLE_EOF_CHECK, NULL);
	_cleanup_monitors_ struct monitors m = {0};
	int r = monitors_parse(dump, &m);

	if (r == 0)
		must(m.v1 || m.v2);
	else
		must(r == -EPROTO && !m.v1 && !m.v2);
	return 0;
}
