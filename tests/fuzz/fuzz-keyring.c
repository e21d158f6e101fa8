/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keyring, and the same text as a key by itself: a key, none, or one that is not valid. */
#include <errno.h>

#include "ceph/keyring.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_secret_ struct secret key = {0}, found = {0};
	int r = key_decode(text, &key);

	must(r == 0 ? key.data && key.len && key.len <= strlen(text) : r == -EINVAL && !key.data);
	r = key_in_text(text, "client.admin", &found);
	must(r == 1 ? found.data && found.len : (r == 0 || r == -EINVAL) && !found.data);
	return 0;
}
