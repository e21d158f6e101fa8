/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceph's encoding: a first byte says how many letters follow, each what is read next, of the rest.
 * The reader stays within its bytes, and once bad yields nothing. */
#include "ceph/wire.h"
#include "tests/fuzz/fuzz.h"

static void read_one(struct reader *r, uint8_t what)
{
	_cleanup_free_ char *s = NULL;
	struct writer w = {0};
	bool bad = r->bad;
	uint64_t n = 0;

	switch (what % 5) {
	case 0:
		n = read_u8(r);
		break;
	case 1:
		n = read_u32(r);
		break;
	case 2:
		n = read_u64(r);
		break;
	case 3:
		read_skip(r, what / 5);
		break;
	case 4:
		s = read_string(r);
		must(!s == r->bad);
		if (s)
			write_string(&w, s);
		must(w.bad || !s || w.len == strlen(s) + 4);
		break;
	}
	must(!bad || (r->bad && !n && !s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size ? data[0] : 0;
	struct reader r = {.at = data + 1 + n};

	if (n + 1 > size)
		return 0;
	r.left = size - 1 - n;
	for (size_t i = 0; i < n; i++) {
		read_one(&r, data[1 + i]);
		must(r.at + r.left == data + size);
	}
	return 0;
}
