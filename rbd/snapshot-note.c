/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/snapshot-note.h"
#include "base/str.h"
#include "rbd/image.h"
#include "rbd/note.h"

#include <stdio.h>
#include <string.h>

#include "ceph/cls.h"

/* The caller frees it. */
static char *format(const struct snapshot_note *n)
{
	char *out;

	return str_printf(&out, "pool %lld image %s snapshot %llu version %llu",
			  (long long)n->pool_id, n->image_id, (unsigned long long)n->snap_id,
			  (unsigned long long)n->map_version) < 0
		       ? NULL
		       : out;
}

bool snapshot_note_is(rbd_image_t image, const struct snapshot_note *n)
{
	_cleanup_free_ char *noted = image_note(image, NOTE_SAME), *wanted = format(n);

	return noted && wanted && !strcmp(noted, wanted);
}

void snapshot_note_set(struct ioctx *p, const struct snapshot_note *n)
{
	_cleanup_free_ char *text = format(n);

	if (text)
		cls_note(p->io, n->image_id, NOTE_SAME, text);
}
