/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hold: this host's right to write a volume. A lock of our own name on the image's header
 * object (the kernel's and rbd lock's is rbd_lock), whose description says who has it. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/spec.h"
#include "rbd/cluster.h"

struct hold {
	char *host; /* machine id */
	char *host_name;
	char *boot_id;
	char *client_address; /* of the mapping, "ip:port/nonce"; "" while it is not known */
	time_t since;
	bool shared;
};
void hold_deinit(struct hold *h);
#define _cleanup_hold_ cleanup(hold_deinit)

/* 1 and *out: there is a hold (with several sharers, one of them: this host's where there is one);
 * 0: none. */
int hold_get(struct cluster *c, const struct spec *spec, const char *host, struct hold *out,
	     struct err **e);
/* Take the hold, or renew this host's own (same host) with the new client_address and boot_id.
 * -EBUSY (held) names host, address and since. */
int hold_take(struct cluster *c, const struct spec *spec, const struct hold *mine, struct err **e);
/* Let go of HOST's hold; fine where there is none. */
int hold_release(struct cluster *c, const struct spec *spec, const char *host, struct err **e);
