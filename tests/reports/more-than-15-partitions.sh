#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/systemd/systemd/issues/19946
# Area: names
# Where: guest
# Found: right
# A disk with dozens of partitions. Those beyond the 15th have their minors in another range, and must have links, count as
# users, and lead to their volume as the others do.
. "$(dirname -- "$0")/guest-lib.sh"
rbd create --size 64M "$pool/golden"
dev=$(rbdvol attach "$pool/golden")
for ((i = 0; i < 20; i++)); do echo 'size=2M'; done | sfdisk -q --label gpt "$dev" >&2
udevadm settle
rbdvol detach "$pool/golden"
dev=$(rbdvol attach "$pool/web" --from "$pool/golden" 2>/dev/null)
for i in 1 15 16 20; do
	ok "partition $i has a link" test -b "$dev-part$i"
done
mkfs.ext4 -q "$dev-part20"
mkdir -p /run/mnt20
mount "$dev-part20" /run/mnt20
on_exit 'umount /run/mnt20'
like "the list has its mount" "$(rbdvol list)" '/run/mnt20'
refuses "a detach names it" 5 '/run/mnt20' rbdvol detach "$pool/web"
like "trim finds it" "$(rbdvol trim "$pool/web")" "$pool/web"
umount /run/mnt20
ok "a partition leads to its volume" rbdvol detach "$dev-part20"
done_testing
