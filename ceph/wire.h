/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ceph's encoding of the few messages that we read and write ourselves: little endian
 * integers, strings with their length in front. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* A reader that runs into the end, or finds nonsense, is bad from then on and yields zeroes. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};
uint8_t read_u8(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
void read_skip(struct reader *r, size_t bytes);
/* The caller frees it; NULL where bad, at a NUL byte inside too. */
char *read_string(struct reader *r);

/* A message being written; of 4 KiB at most; bad when it is longer. */
struct writer {
	size_t len;
	bool bad;
	uint8_t data[4096];
};
void write_u8(struct writer *w, uint8_t v);
void write_u32(struct writer *w, uint32_t v);
void write_u64(struct writer *w, uint64_t v);
void write_string(struct writer *w, const char *s);
