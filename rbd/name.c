/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names under construction. An image is published in three changes, the same as of 'rbd rename': a
 * name object for the new name, the entry in the pool's directory, the removal of the old name
 * object. From the first on the image is there under its name, whole; after a cut the same three
 * are done again, and those that are done already do nothing. */
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "ceph/cls.h"
#include "ceph/compat.h"
#include "rbd/image-internal.h"
#include "rbd/watchers.h"

/* How long a dead client stays shut out: longer than any of its requests can be under way. */
#define BLOCKLIST_SECONDS 300
#define LOOK_AGAIN_US	  50000
/* After so many looks a watch should have ended, as its client is shut out. */
#define LOOKS_FOR_SHUT_OUT 10

char *name_hidden(const char *image, const char *owner)
{
	char *out;

	return asprintf(&out, SPEC_HIDDEN_PREFIX "%s.%s", image, owner) < 0 ? NULL : out;
}

#define OUTGOING "-old" /* behind the hidden name: no owner ends so */

/* The outgoing name that belongs to a hidden one. */
static char *outgoing_of(const char *hidden)
{
	char *out;

	return asprintf(&out, "%s" OUTGOING, hidden) < 0 ? NULL : out;
}

char *name_outgoing(const char *image, const char *owner)
{
	_cleanup_free_ char *hidden = name_hidden(image, owner);

	return hidden ? outgoing_of(hidden) : NULL;
}

bool name_is_outgoing(const char *hidden)
{
	size_t len = strlen(hidden);

	return len > strlen(OUTGOING) && !strcmp(hidden + len - strlen(OUTGOING), OUTGOING);
}

char *name_meant(const char *hidden)
{
	size_t skip = strlen(SPEC_HIDDEN_PREFIX);
	const char *end = strrchr(hidden, '.');

	if (!spec_is_hidden(hidden) || !end || end < hidden + skip)
		return NULL;
	return strndup(hidden + skip, (size_t)(end - hidden) - skip);
}

/* The directory has another image as NAME. -EEXIST, unless it is the one that HIDDEN replaces. */
static int list_replaced(rados_ioctx_t io, const char *hidden, const char *name, const char *id)
{
	_cleanup_free_ char *outgoing = outgoing_of(hidden), *old_id = NULL, *listed = NULL;

	if (!outgoing)
		return -ENOMEM;
	if (cls_image_id(io, outgoing, &old_id) < 0 || cls_directory_id(io, name, &listed) < 0 ||
	    strcmp(old_id, listed) != 0)
		return -EEXIST;
	return cls_directory_replace(io, name, old_id, outgoing, hidden, id);
}

/* The second and third change. */
static int publish_rest(rados_ioctx_t io, const char *hidden, const char *name, const char *id)
{
	int r = cls_directory_rename(io, hidden, name, id);

	if (r == -EEXIST)
		r = list_replaced(io, hidden, name, id);
	/* ENOENT, ESTALE: listed under its name already. */
	if (r < 0 && r != -ENOENT && r != -ESTALE)
		return r;
	FAILPOINT("publish.listed");
	r = cls_name_remove(io, hidden);
	FAILPOINT("publish.done");
	return r == -ENOENT ? 0 : r;
}

int name_publish(rados_ioctx_t io, const char *hidden, const char *name, const char *id)
{
	int r = cls_name_create(io, name, id);

	if (r < 0)
		return r;
	FAILPOINT("publish.named");
	r = publish_rest(io, hidden, name, id);
	if (r != -EEXIST)
		return r;
	/* The directory has another image of that name, one that is being deleted: take back. */
	cls_name_remove(io, name);
	return r;
}

int name_replace(rados_ioctx_t io, const char *hidden, const char *new_id, const char *name,
		 const char *old_id)
{
	_cleanup_free_ char *outgoing = outgoing_of(hidden);
	int r;

	if (!outgoing)
		return -ENOMEM;
	r = cls_name_create(io, outgoing, old_id);
	if (r < 0)
		return r;
	FAILPOINT("replace.kept");
	r = cls_name_switch(io, name, old_id, new_id);
	if (r == -ESTALE)
		cls_name_remove(io, outgoing);
	if (r < 0)
		return r;
	FAILPOINT("replace.named");
	return publish_rest(io, hidden, name, new_id);
}

int name_complete(rados_ioctx_t io, const char *name, const char *id)
{
	_cleanup_free_ char *listed = NULL;
	int r = cls_directory_name(io, id, &listed);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!strcmp(listed, name) || !spec_is_hidden(listed))
		return 0;
	return publish_rest(io, listed, name, id);
}

/* Who else has the hidden image open; -EALREADY if it is this connection itself. */
static int others_watching(struct ioctx *p, const char *hidden, struct watchers *out)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = rbd_open_read_only(p->io, hidden, &image, NULL);

	if (r < 0) {
		image = NULL;
		return 0; /* not even an image yet, or no more */
	}
	r = watchers_list(p, image, out);
	for (size_t i = 0; !r && i < out->n; i++)
		if (out->items[i].own)
			r = -EALREADY;
	return r;
}

static bool shut_out(struct ioctx *p, const struct watchers *w)
{
	int r = 0;

	for (size_t i = 0; !r && i < w->n; i++)
		r = compat_blocklist(p->session->rados, w->items[i].address, BLOCKLIST_SECONDS);
	return !r && !session_latest_osdmap(p->session);
}

/* End the watches on a hidden image: the client behind them is this owner's predecessor, dead. Shut
 * out, its watch ends at once and it can't come back to life. A watch that stays all the same has
 * nobody behind it. Without the right to shut out, a watch ends by itself after 30 s. */
static int end_watches(struct ioctx *p, const char *hidden, struct deadline deadline)
{
	_cleanup_free_ char *id = NULL;
	bool powerless = false;

	for (unsigned looks = 0;; looks++) {
		_cleanup_watchers_ struct watchers watchers = {0};
		int r = others_watching(p, hidden, &watchers);

		if (r < 0 || !watchers.n)
			return r;
		if (deadline_passed(deadline))
			return -EBUSY;
		if (!looks)
			powerless = shut_out(p, &watchers);
		else
			usleep(LOOK_AGAIN_US);
		if (powerless && looks == LOOKS_FOR_SHUT_OUT && !cls_image_id(p->io, hidden, &id))
			cls_header_renew(p->io, id);
	}
}

int name_discard(struct ioctx *p, const char *hidden, struct deadline deadline, struct err **e)
{
	int r;

	do {
		r = end_watches(p, hidden, deadline);
		if (!r)
			r = rbd_remove(p->io, hidden);
		/* Busy without a watch: one that was about to be made as its client died. */
	} while (r == -EBUSY && !deadline_passed(deadline) && !usleep(LOOK_AGAIN_US));
	if (r == -EBUSY || r == -EALREADY)
		return err_set(e, ERR_BUSY, r, "another clone of the same name is under way (%s)",
			       hidden);
	if (r == -ENOENT)
		r = 0;
	return r < 0 ? session_fail(p->session, r, e, "remove the unfinished clone '%s'", hidden)
		     : 0;
}
