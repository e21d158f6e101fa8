/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers as people write them: one checked parser per kind. A refused text leaves *out untouched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A decimal number from min to max. -EINVAL or -ERANGE, with WHAT named in the message. */
int value_u64(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *out,
	      struct err **e);
/* Bytes, or with K M G T P E (also k, Ki, KB, KiB): powers of 1024, as rbd, lvcreate and qemu-img
 * take them. With a unit it may have a fraction (1.5G), of nine digits at most: what comes out is
 * rounded up to 512 bytes. Zero is refused. */
int value_size(const char *what, const char *text, uint64_t *out_bytes, struct err **e);
/* The same for a volume: what has no room for anything is refused, such as a number without a unit
 * that other programs take for MiB (-ERANGE, usage, with a hint). */
int value_volume_size(const char *what, const char *text, uint64_t *out_bytes, struct err **e);
/* Seconds, whole or with up to six decimals, at most a year; into µs. */
int value_seconds(const char *what, const char *text, uint64_t *out_us, struct err **e);
/* yes/no, true/false, on/off, 1/0. */
int value_bool(const char *what, const char *text, bool *out, struct err **e);

/* The number of a partition. */
int value_partition(const char *text, unsigned *out, struct err **e);
/* The type of a file system: names of programs are made of it, such as mkfs.TYPE. */
int value_filesystem(const char *text, struct err **e);

/* "1.5 GiB": for people; the caller frees it; NULL when out of memory. */
char *value_format_size(uint64_t bytes);
