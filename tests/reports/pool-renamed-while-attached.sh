#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/wetopi/docker-volume-rbd/issues/7
# Area: names
# Where: guest
# Found: a detach by the present name let go of the hold and left the device; list told two volumes, trim found none
# The pool is renamed under attached volumes: the kernel goes on with the names of before.
. "$(dirname -- "$0")/guest-lib.sh"
other_pools+=("$pool-new")
rbdvol create "$pool/vol" --size 16M
dev=$(readlink -f "$(rbdvol attach "$pool/vol")")
mkfs.ext4 -q "$dev"
mkdir -p /run/mnt
mount "$dev" /run/mnt
on_exit 'umount /run/mnt'
ceph osd pool rename "$pool" "$pool-new" >&2
wait_for 30 rbdvol show "$pool-new/vol"
is "the list has the image once, with its device" \
	"$(rbdvol list --all --pool "$pool-new" --json | jq -c '.volumes | map([.volume, .device])')" "[[\"$pool-new/vol\",\"$dev\"]]"
is "show knows it by the present name" "$(rbdvol show "$pool-new/vol" --json | jq -r .device)" "$dev"
is "attach finds it done" "$(readlink -f "$(rbdvol attach "$pool-new/vol")")" "$dev"
ok "trim finds it by the present name" rbdvol trim "$pool-new/vol"
ok "and by the device" rbdvol trim "$dev"
umount /run/mnt
ok "detach, too" rbdvol detach "$pool-new/vol"
is "and nothing is left" "$(rbdvol list --json | jq -r '.volumes[].device')" ''
is "nor held" "$(rbdvol show "$pool-new/vol" --json | jq .held_by)" null
done_testing
