/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handles of images that were opened for reading are closed some time after their last use.
 *
 * librbd (16 to 18 at least) says that an image is open from within a thread of librados, which
 * then takes the image's lock once more (ImageState::complete_action_unlock). If that thread is
 * held up in between, and who opened the image has closed it by then, the lock is gone:
 * std::system_error, and with it the whole process. A handle for writing takes the cluster several
 * round trips to close; one for reading none, and it bars nobody as long as it stays open. (One
 * thread of librados alone, which could not be overtaken, would deadlock: librbd waits in it for
 * maps, to unprotect a snapshot.) */
#pragma once

#include <rbd/librbd.h>

/* Takes the handle. */
void image_close_later(rbd_image_t image);
/* The same, and until then image_take hands it out again to who asks for KEY, which is taken too;
 * NULL: to nobody. */
void image_lay_by(rbd_image_t image, char *key);
/* The caller's again; NULL: there is none. */
rbd_image_t image_take(const char *key);
/* Before a connection ends: those that wait are closed, of whichever connection they are, when they
 * have waited long enough, after a second at most; and those that are being closed are waited for.
 */
void images_close(void);

static inline void image_close_later_p(rbd_image_t *image)
{
	if (*image)
		image_close_later(*image);
}
/* Opened for reading. */
#define _cleanup_image_ cleanup(image_close_later_p)

/* One that was opened for writing: its watch and its lock end, which others wait for. Where the
 * cluster is away each step of that runs into the connection's time-out; after some seconds it goes
 * on by itself, and who closes can say what is wrong. */
void image_close(rbd_image_t image);

static inline void image_close_p(rbd_image_t *image)
{
	if (*image)
		image_close(*image);
}
#define _cleanup_writable_image_ cleanup(image_close_p)
