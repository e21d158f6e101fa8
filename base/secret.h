/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key in memory: wiped when it goes, and of a type that nothing prints. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

struct secret {
	uint8_t *data; /* NULL: no key, the cluster asks for none */
	size_t len;
};

static inline void secret_deinit(struct secret *s)
{
	if (s->data)
		explicit_bzero(s->data, s->len);
	free(s->data);
	*s = (struct secret){0};
}
#define _cleanup_secret_ cleanup(secret_deinit)
