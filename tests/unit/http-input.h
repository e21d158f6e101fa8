/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests as no client makes them, from a seed: the same seed gives the same ones. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_INPUT_MAX ((size_t)4 << 20) /* bytes: more than any has */

/* What only looks, and changes that are refused for what they say: so a mutation seldom makes a
 * request of them that waits for a cluster. */
#define HTTP_INPUT_LOOKS 9
extern const char *const http_input_looks[HTTP_INPUT_LOOKS];
/* All that changes something, and what only some may see, as it is right. */
#define HTTP_INPUT_CHANGES 18
extern const char *const http_input_changes[HTTP_INPUT_CHANGES];

struct http_input {
	uint64_t random; /* the seed; not 0 */
	char *at;	 /* HTTP_INPUT_MAX bytes */
	size_t len;
};
/* Put the next request, made from one that CHANGES or one that looks, into B; or some that follow
 * each other in one connection. How many. */
unsigned http_input_next(struct http_input *b, bool changes);
