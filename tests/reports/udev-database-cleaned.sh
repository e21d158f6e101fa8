#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/systemd/systemd/issues/22202
# Area: names
# Where: guest
# Found: the only mapping of an image took its own link for another's, so that the next mapping got its name
# The initramfs's udev database is dropped when the real root comes, and the links stay: at the next event they look like another's.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/web" --size 64M
dev=$(readlink -f "$(rbdvol attach "$pool/web" --shared)")
udevadm info --cleanup-db
udevadm trigger --action=add --settle "$dev"
is "the only mapping is the first" "$(udevadm info "$dev" | grep -E 'ID_RBD_(SECOND|COPY)')" ''
is "it keeps its name" "$(readlink -f "/dev/rbdvol/$pool/web")" "$dev"
second=$(rbd device map "$pool/web")
udevadm settle
is "a second mapping is the second" "$(udevadm info "$second" | grep -E 'ID_RBD_SECOND')" 'E: ID_RBD_SECOND=1'
is "and the name stays" "$(readlink -f "/dev/rbdvol/$pool/web")" "$dev"
udevadm info --cleanup-db
udevadm trigger --action=add --settle "$second"
is "also when the database is dropped with both" "$(udevadm info "$second" | grep -E 'ID_RBD_SECOND')" 'E: ID_RBD_SECOND=1'
rbd device unmap "$second"
done_testing
