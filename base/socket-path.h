/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where rbdvold listens, and rbdvol asks. */
#pragma once

#include <stdlib.h>

#define SOCKET_PATH RUNSTATEDIR "/rbdvol/api.sock"

/* What the environment's RBDVOL_SOCKET says, else SOCKET_PATH; not the caller's to free. */
static inline const char *socket_path(void)
{
	const char *path = getenv("RBDVOL_SOCKET");

	return path && *path ? path : SOCKET_PATH;
}
