#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/nix-community/impermanence/issues/141
# Area: trim
# Where: guest
# Found: trim --all, which the timer runs, did not look for X-fstrim.notrim in fstab
# A mark in fstab keeps the weekly fstrim off a file system.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/vol" --size 64M
dev=$(rbdvol attach "$pool/vol")
mkfs.ext4 -q -E nodiscard "$dev"
mkdir -p /run/mnt /run/bind
cp /etc/fstab /run/fstab
on_exit 'cp /run/fstab /etc/fstab'
echo "$pool/vol /run/mnt rbdvol X-fstrim.notrim,_netdev,noauto 0 0" >>/etc/fstab
mount /run/mnt
on_exit 'umount /run/mnt /run/bind'
mount --bind /run/mnt /run/bind
dd if=/dev/zero of=/run/mnt/junk bs=1M count=16 conv=fsync status=none
rm /run/mnt/junk
sync -f /run/mnt
out=$(rbdvol trim --all --json 2>/run/said)
is "one that is marked is left alone, also where it is bound" "$(jq '.total.trimmed // empty' <<<"$out")" 0
like "which is told" "$(</run/said)" '/run/mnt is left alone: /etc/fstab says X-fstrim.notrim'
ok "by its name it is trimmed all the same" bash -c "(( \$(rbdvol trim $pool/vol --json | jq .trimmed) > 16 << 20 ))"
done_testing
