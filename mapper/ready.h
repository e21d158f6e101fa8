/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for udev. Internal to mapper/.
 *
 * udev makes a device's links, then writes its database, then tells those who listen. So: listen,
 * look (all may be done already), then wait for a word and look again; never trust the word itself,
 * since words get lost when the socket overruns. */
#pragma once

#include "mapper/device.h"

/* One thread's ear on udev's events of block devices. */
struct udev_watch;
int udev_watch_new(struct udev_watch **out, struct err **e);
void udev_watch_free(struct udev_watch *w);
DEFINE_CLEANUP(struct udev_watch *, udev_watch_free)
#define _cleanup_udev_watch_ cleanup(udev_watch_free_p)

/* As device_wait_ready, by a watch that was opened before the device was made. */
int ready_wait(struct udev_watch *w, struct device *d, struct deadline deadline, struct err **e);
/* Until D's link leads to it no more, or DEADLINE; D is unmapped already. */
void gone_wait(struct udev_watch *w, const struct device *d, struct deadline deadline);
/* Until udev has done all it knows of, an event comes, or SLICE_US: then it is worth to try again.
 */
void quiet_wait(struct udev_watch *w, uint64_t slice_us);

/* Whether a udevd is there to process anything. */
bool udevd_listens(void);

/* Fill d->link from what is in /dev now. 0 or -ENOMEM. */
int device_fill_link(struct device *d);
