/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which image: [POOL/[NAMESPACE/]]IMAGE[@SNAP], parsed and printed here and nowhere else; and the
 * name of its device below /dev/rbdvol/. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct spec {
	char *pool; /* never NULL or empty in a parsed spec */
	char *ns;   /* RADOS namespace; "" for the default one */
	char *image;
	char *snap; /* NULL for the image's head */
};

/* Parse TEXT; a missing pool becomes DEFAULT_POOL, which is POOL[/NAMESPACE]. -EINVAL (usage) with
 * the reason; *out is then empty. */
int spec_parse(const char *text, const char *default_pool, struct spec *out, struct err **e);
/* Whether the kernel can map an image of these names and udev can name its device: -EINVAL (usage)
 * with the reason. spec_parse takes more, as a parent for example is not mapped. */
int spec_check_mappable(const struct spec *s, struct err **e);
/* 0 or -ENOMEM. SNAP may be NULL. */
int spec_init(struct spec *out, const char *pool, const char *ns, const char *image,
	      const char *snap);
int spec_copy(const struct spec *from, struct spec *out);
/* May be called twice. */
void spec_deinit(struct spec *s);
#define _cleanup_spec_ cleanup(spec_deinit)

/* "pool/ns/image@snap"; the caller frees it; NULL when out of memory. */
char *spec_format(const struct spec *s);
bool spec_equal(const struct spec *a, const struct spec *b);
/* The same image, whatever the snapshot. */
bool spec_same_image(const struct spec *a, const struct spec *b);

/* Images under construction have names that begin so; nobody else may use them. */
#define SPEC_HIDDEN_PREFIX ".rbdvol-"
bool spec_is_hidden(const char *image);

/* The name of the device below /dev/rbdvol/: the spec with every byte but [A-Za-z0-9#+.:=_-]
 * written as \xNN, as udev does. What would make two specs collide is encoded too: '@' inside a
 * name, an image that ends like a partition
 * (-part1), a pool called by-id, and the names . and .. . Works for names that spec_parse refuses,
 * since udev must name whatever somebody mapped. The caller frees it; NULL when out of memory. */
char *spec_link_name(const struct spec *s);
