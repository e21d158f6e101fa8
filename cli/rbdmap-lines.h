/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of fstab and crypttab, and what they are where rbdvol attaches the device: texts in, texts
 * out; no file. */
#pragma once

#include "base/spec.h"

/* Behind the name of SPEC's device at the beginning of DEVICE, as udev's rules of Ceph name it: "",
 * or "-part1"; NULL: it is another device. */
const char *rbdmap_suffix(const struct spec *spec, const char *device);
/* TEXT with the device LINK (NULL: its own), for systemd to mount when there is a network, without
 * what hangs on rbdmap.service. 1 and *out, to be freed; 0: there is nothing to change; -ENOMEM. */
int rbdmap_fstab_line(const char *text, const char *link, char **out);
int rbdmap_crypttab_line(const char *text, const char *link, char **out);
/* Among OPTIONS is one that names rbdmap.service. */
bool rbdmap_hangs_on_service(const char *options);
