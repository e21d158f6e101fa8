#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/systemd/systemd/issues/19788
# Area: names
# Where: guest
# Found: the device that got the number of a clone, while udevd was down, was taken for a clone, which gets no link by UUID
# udevd is down while a device goes and another one gets its number: what its database says is of the one before.
. "$(dirname -- "$0")/guest-lib.sh"
rbd create --size 64M "$pool/golden"
rbdvol create "$pool/clone" --from "$pool/golden" 2>/dev/null
rbd create --size 64M "$pool/plain"
clone=$(rbd device map "$pool/clone")
udevadm settle
is "a clone is known as one" "$(udevadm info "$clone" | grep ID_RBD_CLONE)" 'E: ID_RBD_CLONE=1'
udevadm control --exit
on_exit 'pgrep -f systemd-udevd || /lib/systemd/systemd-udevd --daemon'
wait_for 20 bash -c '! pgrep -x systemd-udevd && ! pgrep -x udevd'
rbd device unmap --options noudev "$clone"
plain=$(rbd device map --options noudev "$pool/plain")
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --settle "$plain"
is "it has the same node" "$plain" "$clone"
is "what was found out of the one before is forgotten" "$(udevadm info "$plain" | grep -E 'ID_RBD_(CLONE|SECOND|COPY)')" ''
is "and its name" "$(readlink -f "/dev/rbdvol/$pool/plain")" "$plain"
ok "the former name is gone" test ! -e "/dev/rbdvol/$pool/clone"
udevadm trigger --action=change --settle "$plain"
is "and so it stays" "$(udevadm info "$plain" | grep -E 'ID_RBD_(CLONE|SECOND|COPY)')" ''
rbd device unmap "$plain"
done_testing
