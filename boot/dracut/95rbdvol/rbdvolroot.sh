#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Usage (by dracut, when a network is up): rbdvolroot INTERFACE rbdvol:VOLUME NEWROOT
[ ! -e /dev/root ] || exit 0
modprobe -q rbd
root=$(/usr/libexec/rbdvol/attach-root) || exit 1
node=$(readlink -f "$root")
# By udev, so that systemd knows it as a device, too.
mkdir -p /run/udev/rules.d
echo "KERNEL==\"${node#/dev/}\", SYMLINK+=\"root\"" >/run/udev/rules.d/99-rbdvol-root.rules
udevadm control --reload
udevadm trigger --action=change "$node"
udevadm settle --exit-if-exists=/dev/root
