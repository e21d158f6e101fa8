/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceph/address.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

/* "10.0.0.1:0" or "[fd00::1]:0", N bytes of TEXT: a client's port is 0. */
static bool is_host_and_port(const char *text, size_t n)
{
	if (n < 4 || strspn(text, "0123456789abcdefABCDEF.:[]") != n ||
	    strncmp(text + n - 2, ":0", 2))
		return false;
	return *text == '[' ? text[n - 3] == ']' : strchr(text, ':') == text + n - 2;
}

bool address_is_exact(const char *text)
{
	const char *nonce = strrchr(text, '/');

	return nonce && is_host_and_port(text, (size_t)(nonce - text)) && nonce[1] &&
	       !nonce[1 + strspn(nonce + 1, "0123456789")] && strspn(nonce + 1, "0") == 0 &&
	       strtoull(nonce + 1, NULL, 10) <= UINT32_MAX;
}

char *address_plain(const char *text)
{
	static const char *const types[] = {"v2:", "v1:", "any:"};
	const char *nonce;

	if (*text == '[' && !strchr("0123456789abcdef:", text[1]))
		text++;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strncmp(text, types[i], strlen(types[i])))
			text += strlen(types[i]);
	nonce = strchr(text, '/');
	return nonce ? strndup(text, (size_t)(nonce - text) + 1 + strspn(nonce + 1, "0123456789"))
		     : NULL;
}
