/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cluster user's key in the kernel's keyring, for the time of one map. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

/* 0: none. The key belongs to the thread that added it: another thread's map does not find it. */
struct kernel_key {
	int32_t serial;
};

/* Put SECRET as "client.USER" into this thread's keyring. The module must be loaded: libceph brings
 * the key type. An empty secret stands for no key, and is allowed. */
int kernel_key_add(const char *user, const struct secret *secret, struct kernel_key *out,
		   struct err **e);
/* Take it out again (the kernel's client has its own copy). May be called twice. */
void kernel_key_drop(struct kernel_key *k);
#define _cleanup_kernel_key_ cleanup(kernel_key_drop)
