/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of clients, as text. */
#pragma once

#include <stdbool.h>

/* Whether TEXT is the address of one client, "ip:0/nonce" with a nonce that is not 0: monitors and
 * OSDs have ports. */
bool address_is_exact(const char *text);

/* TEXT, such as "v1:10.0.0.1:0/7" or "[v2:10.0.0.1:0/7,v1:10.0.0.1:0/7]", as watchers and
 * blocklists have it: the first, "10.0.0.1:0/7". The caller frees it; NULL: no memory, or no
 * address. */
char *address_plain(const char *text);
