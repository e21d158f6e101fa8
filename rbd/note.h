/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notes on an image: short texts in its metadata. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/spec.h"

struct cluster;

/* What is noted on the image (metadata KEY, which begins with "rbdvol."). 1 and *out (the caller
 * frees it), or 0: there is no such note. -ENOENT (not found): no such image. */
int image_note_get(struct cluster *c, const struct spec *spec, const char *key, char **out,
		   struct err **e);
/* At most 4 KiB. */
int image_note_set(struct cluster *c, const struct spec *spec, const char *key, const char *value,
		   struct err **e);

/* Note whether the image that SPEC now names was made for who asks: no clone of it inherits that,
 * nor what later gets its name. */
int image_made_set(struct cluster *c, const struct spec *spec, bool made, struct err **e);
/* 1: it was; 0: not. */
int image_made_get(struct cluster *c, const struct spec *spec, struct err **e);

#define NOTE_FROM     "rbdvol.from" /* the parent's spec when the clone was made */
#define NOTE_MADE     "rbdvol.made" /* the image's id: what image_made_set says of this very image */
#define NOTE_WIPE     "rbdvol.wipe" /* a wipe is under way or was interrupted: the size before */
#define NOTE_REPLACED "rbdvol.replaced" /* the image's id: a reset puts another in its place */
#define NOTE_ROLLBACK "rbdvol.rollback" /* a rollback was begun: to this snapshot */
#define NOTE_FLATTEN  "rbdvol.flatten"	/* a flatten was begun: the parent's snapshot, by its ids */
#define NOTE_SAME     "rbdvol.same"	/* which snapshot equals head, as snapshot-note.h has it */
#define NOTE_FROM_ID  "rbdvol.from-id"	/* its ids then: POOL-ID/NAMESPACE/IMAGE-ID */
