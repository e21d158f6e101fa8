/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a hold is, seen from this host. All comparisons of hosts are here. */
#pragma once

#include "rbd/hold-state.h"

enum hold_owner {
	HOLD_OTHER_HOST,
	/* The machine id is this host's, but neither the boot nor the name is: this host before it
	 * was renamed, or another one that was copied with its machine id. */
	HOLD_TWIN,
	/* Machine id and name are this host's, the boot is another: this host before it was
	 * restarted, or a copy of it with the same name. Only a client that still runs tells. */
	HOLD_EARLIER_BOOT,
	/* This host since it was booted, whatever its name is now. Also an initramfs with another
	 * machine id, or a container that has another boot id each time it is started, on the same
	 * kernel: its client is the one that MINE names. */
	HOLD_THIS_BOOT,
};

/* Compare H with a hold that this host would write now. MINE's address is that of the device
 * mapped here, or "". */
enum hold_owner hold_owner(const struct hold *h, const struct hold *mine);

/* The hint for an error that says that H bars this host. Returns (*e)->code. */
int hold_owner_hint(const struct hold *h, const struct hold *mine, struct err **e);
