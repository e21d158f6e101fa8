/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hold: this host's right to write a volume, as docs/holds.md has it. An attribute of the
 * image's header object says who has it; every change of it is conditional upon what was read, so
 * that of two that want it one gets it. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/deadline.h"
#include "base/spec.h"
#include "base/strlist.h"
#include "ceph/cluster.h"

struct hold {
	char *host; /* machine id; "" where what is written there can't be read */
	char *host_name;
	char *boot_id;
	char *client_address; /* of the mapping, "ip:port/nonce"; "" while it is not known */
	time_t since;
	bool shared;
};
void hold_deinit(struct hold *h);
#define _cleanup_hold_ cleanup(hold_deinit)

/* Whether H is of the host that MINE names: its id, and its boot or its name, since two hosts may
 * have been copied with their machine id. */
bool hold_is_of(const struct hold *h, const struct hold *mine);

struct hold_claim {
	const struct hold *mine;
	bool steal;			   /* shut out whoever has it, and take it away */
	const struct strlist *own_clients; /* addresses of this host's kernel, to tell strangers */
	struct deadline deadline;
	struct strlist *told; /* a sentence for each that was shut out is added; or NULL */
};

/* 1 and *out: there is a hold (with several sharers, one of them: this host's where there is one);
 * 0: none. */
int hold_get(struct cluster *c, const struct spec *spec, const char *host, struct hold *out,
	     struct err **e);
/* The same of another host's than HOST: 0: none has. */
int hold_get_other(struct cluster *c, const struct spec *spec, const char *host, struct hold *out,
		   struct err **e);
/* Take the hold, or make this host's own like mine (an address and a time that it has stay where
 * mine has none). What an earlier boot of this host left is shut out first. -EBUSY (held) names
 * host, address and since. With steal whoever has it is shut out, and after that has lost it. */
int hold_take(struct cluster *c, const struct spec *spec, const struct hold_claim *claim,
	      struct err **e);
/* Clients that have the image open for writing and are neither of this host nor of anybody's hold:
 * a plain 'rbd map', QEMU. -EBUSY (held) names their addresses; with steal they are shut out. */
int hold_check_strangers(struct cluster *c, const struct spec *spec, const struct hold_claim *claim,
			 struct err **e);
/* Note the client's address on this host's hold. -EBUSY (held): it has been lost meanwhile. */
int hold_record(struct cluster *c, const struct spec *spec, const struct hold *mine,
		struct err **e);
/* Let go of the hold of MINE's host; fine where there is none. IMAGE_ID: the image that was mapped,
 * whatever has its name now; NULL: SPEC's. */
int hold_release(struct cluster *c, const struct spec *spec, const char *image_id,
		 const struct hold *mine, struct err **e);
