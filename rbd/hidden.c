/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rbd/hidden.h"
#include "ceph/close.h"
#include "ceph/monitors.h"
#include "rbd/image.h"
#include "rbd/name.h"
#include "rbd/note.h"

#include <errno.h>
#include <string.h>

#include "ceph/cls.h"
#include "ceph/compat.h"
#include "rbd/errors.h"
#include "rbd/removal.h"
#include "rbd/watchers.h"

/* How long a dead client stays blocklisted: longer than any of its requests can be under way. */
#define BLOCKLIST_SECONDS 300
#define LOOK_AGAIN_US	  50000
#define LOOK_OUTGOING_US  500000
/* After this number of looks a watch should have ended, as its client is blocklisted. */
#define LOOKS_FOR_BLOCKLIST 10
#define OWNER_DIGITS_MIN    16

/* --- proof --- */

bool hidden_name_is_ours(const char *image)
{
	const char *owner = strrchr(image, '.');
	size_t digits;

	if (!spec_is_hidden(image) || owner <= image)
		return false;
	digits = strspn(owner + 1, "0123456789abcdef");
	return digits >= OWNER_DIGITS_MIN && (!owner[1 + digits] || name_is_outgoing(image));
}

static int note_data(uint64_t offset, size_t length, int exists, void *found)
{
	(void)offset, (void)length, (void)exists;
	*(bool *)found = true;
	return -ECANCELED; /* one object is enough */
}

/* 1: IMAGE has objects of its own, be there a parent or not; 0: it has none. */
static int has_data(rbd_image_t image)
{
	bool found = false;
	uint64_t size;
	int r = rbd_get_size(image, &size);

	if (!r && size)
		r = rbd_diff_iterate2(image, NULL, 0, size, 0, 1, note_data, &found);
	if (found)
		return 1;
	return r < 0 ? r : 0;
}

static bool is_noted_replaced(rbd_image_t image, const char *id)
{
	_cleanup_free_ char *noted = image_note(image, NOTE_REPLACED);

	return noted && !strcmp(noted, id);
}

int hidden_is_leftover(struct ioctx *p, const char *hidden, const char *id)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r;

	if (!hidden_name_is_ours(hidden))
		return 0;
	r = image_open_at(p, id, NULL, IMAGE_ID_READ, &image);
	if (r < 0)
		return r == -ENOENT ? 1 : r;
	if (name_is_outgoing(hidden) && is_noted_replaced(image, id))
		return 1;
	r = has_data(image);
	return r < 0 ? r : !r;
}

int hidden_is_published(struct ioctx *p, const char *hidden, const char *id)
{
	_cleanup_free_ char *name = name_meant(hidden), *meant = NULL;
	int r = name ? cls_image_id(p->io, name, &meant) : -ENOENT;

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : !strcmp(meant, id);
}

/* --- removal --- */

/* It has no name object: its removal was interrupted, or its creation. */
static int remove_unnamed(struct ioctx *p, const char *hidden)
{
	_cleanup_free_ char *id = NULL;
	_cleanup_err_ struct err *e = NULL;
	int r = cls_directory_id(p->io, hidden, &id);

	if (!r)
		r = image_has_header(p, id);
	if (!r)
		r = cls_directory_remove(p->io, hidden, id);
	else if (r > 0 || r == -ENOENT)
		r = removals_finish(p, hidden, hidden, NULL, &e);
	return r < 0 && r != -ENOENT ? r : 0;
}

int hidden_remove(struct ioctx *p, const char *hidden)
{
	_cleanup_free_ char *id = NULL;
	int r = cls_image_id(p->io, hidden, &id);

	if (r == -ENOENT)
		return remove_unnamed(p, hidden);
	if (!r)
		r = hidden_is_leftover(p, hidden, id);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	return image_remove(p, hidden, id, NULL);
}

static int hidden_fail(struct ioctx *p, const char *hidden, int r, struct err **e)
{
	if (r != -EUCLEAN)
		return image_fail(p, CALL_REMOVE, hidden, 0, r, e, "remove '%s', a leftover",
				  hidden);
	err_set(e, ERR_EXISTS, r,
		"image '%s' is in the way: it has data, and nothing shows that it is a leftover",
		hidden);
	return err_hint(e, "'rbd rename' gives it another name, 'rbd rm' removes it");
}

/* Who else has the hidden image open; -EALREADY if it is this process itself. */
static int others_watching(struct ioctx *p, const char *hidden, struct watchers *out)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(p, hidden, NULL, IMAGE_READ, &image);

	if (r < 0)
		return 0; /* not even an image yet, or no more */
	r = watchers_list(p, image, out);
	for (size_t i = 0; !r && i < out->n; i++)
		if (out->items[i].ours)
			r = -EALREADY;
	return r;
}

/* Whether each of them can have been rbdvold on this host. A hidden name has this host's id; a
 * client elsewhere or in the kernel has its own reason to be there, such as a host whose machine-id
 * is the same. */
static bool are_predecessors(struct ioctx *p, const struct watchers *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->items[i].kernel || !session_is_at(p->session, w->items[i].address))
			return false;
	return true;
}

static bool blocklist(struct ioctx *p, const struct watchers *w)
{
	int r = 0;

	for (size_t i = 0; !r && i < w->n; i++)
		r = compat_blocklist(p->session->rados, w->items[i].address, BLOCKLIST_SECONDS);
	return !r && !session_latest_osdmap(p->session);
}

/* End the watches on a hidden image: the client behind them is this owner's predecessor, dead.
 * Blocklisted, its watch ends at once and it cannot come back to life. A watch that stays all the
 * same has nobody behind it. Without the right to blocklist, a watch ends by itself after 30 s. */
static int end_watches(struct ioctx *p, const char *hidden, struct deadline deadline)
{
	_cleanup_free_ char *id = NULL;
	bool blocklisted = false;

	for (unsigned looks = 0;; looks++) {
		_cleanup_watchers_ struct watchers watchers = {0};
		int r = others_watching(p, hidden, &watchers);

		if (r < 0 || !watchers.n)
			return r;
		if (deadline_passed(deadline))
			return -EBUSY;
		if (!looks)
			blocklisted = are_predecessors(p, &watchers) && blocklist(p, &watchers);
		else
			usleep(LOOK_AGAIN_US);
		if (blocklisted && looks == LOOKS_FOR_BLOCKLIST &&
		    !cls_image_id(p->io, hidden, &id))
			cls_header_renew(p->io, id);
	}
}

/* 1: it may be removed, or there is none; 0: it may not. */
static int may_go(struct ioctx *p, const char *hidden)
{
	_cleanup_free_ char *id = NULL;
	int r = cls_image_id(p->io, hidden, &id);

	if (r == -ENOENT)
		return 1;
	return r < 0 ? r : hidden_is_leftover(p, hidden, id);
}

int name_discard(struct ioctx *p, const char *hidden, struct deadline deadline, struct err **e)
{
	int r = may_go(p, hidden);

	/* Nobody is blocklisted for an image that stays. */
	if (r <= 0)
		return hidden_fail(p, hidden, r < 0 ? r : -EUCLEAN, e);
	do {
		r = end_watches(p, hidden, deadline);
		if (!r)
			r = hidden_remove(p, hidden);
		/* Busy without a watch: one that was about to be made as its client died. */
	} while (r == -EBUSY && !deadline_passed(deadline) && !usleep(LOOK_AGAIN_US));
	if (r == -EBUSY || r == -EALREADY)
		return err_set(e, ERR_BUSY, r, "another clone of the same name is under way (%s)",
			       hidden);
	return r < 0 ? hidden_fail(p, hidden, r, e) : 0;
}

static int say_who(struct ioctx *p, const char *outgoing, struct err **e)
{
	_cleanup_image_ rbd_image_t image = NULL;
	int r = image_open_at(p, outgoing, NULL, IMAGE_READ, &image);

	if (r < 0)
		return image_fail(p, CALL_OPEN, outgoing, 0, r, e, "open image '%s'", outgoing);
	r = watchers_refuse(p, image, outgoing, deadline_in(0), e);
	return r < 0 ? err_wrap(e, "the content from before a reset stays") : 0;
}

int outgoing_discard(struct ioctx *p, const char *outgoing, struct deadline deadline,
		     struct err **e)
{
	int r;

	do {
		r = hidden_remove(p, outgoing);
	} while (r == -EBUSY && !deadline_passed(deadline) && !usleep(LOOK_OUTGOING_US));
	if (r == -EBUSY && say_who(p, outgoing, e) < 0)
		return (*e)->code;
	return r < 0 ? hidden_fail(p, outgoing, r, e) : 0;
}
