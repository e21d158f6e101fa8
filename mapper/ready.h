/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for udev. Internal to mapper/.
 *
 * udev makes a device's links, then writes its database, then tells those who listen. So: listen,
 * look (all may be done already), then wait for a word and look again; never wait for the word
 * itself alone, since words get lost when the socket overruns.
 *
 * Of a device that is gone nothing is left to look at, and its number may be another's already:
 * there the word counts, and silence while udev has nothing to do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/err.h"
#include "mapper/device.h"
#include "mapper/mapping.h"

/* One thread's ear on udev's events of block devices. LEAVING: whose end will be waited for by
 * gone_wait, borrowed; or NULL. */
struct udev_watch;
int udev_watch_new(const struct device *leaving, struct udev_watch **out, struct err **e);
void udev_watch_free(struct udev_watch *w);
DEFINE_CLEANUP(struct udev_watch *, udev_watch_free)
#define _cleanup_udev_watch_ cleanup(udev_watch_free_p)

/* Until udev has processed that the device which W was opened for is gone, or DEADLINE. Before that
 * its links may still be there, and what is mapped next may get its number: who hears of the end
 * then (systemd, which ends the mounts of a device that is gone) takes it for the end of the new
 * one. */
void gone_wait(struct udev_watch *w, struct deadline deadline);
/* Until udev has done all it knows of, an event comes, or SLICE_US: then it is worth to try again.
 */
void quiet_wait(struct udev_watch *w, uint64_t slice_us);

/* Whether udev has something to do, as far as W has heard. */
bool udev_is_busy(struct udev_watch *w);

/* Whether a udevd is there to process anything. */
bool udevd_listens(void);

/* 1 and *out: one of the links of D, as they were named when it was mapped, leads to its node; the
 * caller frees it. 0: none does; or -ENOMEM. */
int device_old_link(const struct device *d, char **out);

/* Fill d->link from what is in /dev now. 0 or -ENOMEM. */
int device_fill_link(struct device *d);

/* Wait until udev has processed D and its link is there; *d gets the link. -ETIMEDOUT
 * (unreachable): udev has not processed it by the deadline, but is there, and may yet; -ENOENT
 * (failed): there will be no link, with the reason (no udevd, no rules of ours, a name that cannot
 * be a link). */
int device_wait_ready(struct device *d, struct deadline deadline, struct err **e);
