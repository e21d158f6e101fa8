/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing a device's cached data back before it is unmapped. */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "mapper/mapping.h"

/* What the file systems of the device, and programs that write to it, have not written yet is
 * written. NOTES gets a sentence for each that could not be reached by itself. Waits for the disk
 * without end, as sync(2) does. */
int device_sync(const struct device *d, struct strlist *notes, struct err **e);
