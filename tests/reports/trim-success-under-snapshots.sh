#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/longhorn/longhorn/issues/836
# Area: trim
# Where: guest
# Found: trim told how much smaller the objects are, and not that a snapshot keeps all of it
# The trim is a success, and the cluster is as full as before: a snapshot has it.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/vol" --size 64M
dev=$(rbdvol attach "$pool/vol")
mkfs.ext4 -q -E nodiscard "$dev"
mkdir -p /run/mnt
mount "$dev" /run/mnt
on_exit 'umount /run/mnt'
litter() {
	dd if=/dev/zero of=/run/mnt/junk bs=1M count=16 conv=fsync status=none
	rm /run/mnt/junk
	sync -f /run/mnt
}
litter
is "without a snapshot it says nothing of one" "$(rbdvol trim "$pool/vol" 2>&1 | grep 'has .* snapshot')" ''
litter
rbdvol snapshot "$pool/vol@before"
like "with one it says that it has what was trimmed" "$(rbdvol trim "$pool/vol" 2>&1 >/dev/null)" \
	'vol has 1 snapshot: what they share with it comes back.*when they are deleted'
rbd snap rm --no-progress "$pool/vol@before"
done_testing
