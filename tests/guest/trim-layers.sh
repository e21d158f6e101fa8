#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trimming through what may lie between a file system and its volume: a partition, LVM, dm-crypt; and
# xfs. What passes no discards is named. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=layers

cleanup() {
	umount -A /srv/layers 2>/dev/null
	cryptsetup close secret 2>/dev/null
	vgchange -qq -an layers 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_delete "$pool"
}
trap cleanup EXIT

attach() { # VOLUME
	rbdvol create "$pool/$1" --size 512M
	readlink -f "$(rbdvol attach "$pool/$1")"
}

# A file system on NODE, with something deleted from it.
litter() { # NODE TYPE
	case $2 in
	xfs) mkfs.xfs -q -K "$1" ;;
	ext4) mkfs.ext4 -q -E nodiscard "$1" ;;
	esac
	mount "$1" /srv/layers
	dd if=/dev/zero of=/srv/layers/junk bs=1M count=24 conv=fsync status=none
	rm /srv/layers/junk
	sync -f /srv/layers
}

# What was deleted comes back to the cluster.
trims() { # DESCRIPTION VOLUME
	local said
	said=$(rbdvol trim "$pool/$2" --json)
	ok "$1: what is deleted is trimmed" test "$(jq .trimmed <<<"$said")" -ge $((24 << 20))
	ok "$1: and comes back" test "$(jq '.usage_before.stored - .usage.stored' <<<"$said")" -ge $((16 << 20))
	umount /srv/layers
}

pool_create $pool
mkdir -p /srv/layers
daemon_start

device=$(attach xfs)
litter "$device" xfs
trims xfs xfs

device=$(attach part)
sfdisk -q "$device" <<<',,L' && udevadm settle
litter "${device}p1" ext4
trims "a partition" part

modprobe dm-mod
device=$(attach lvm)
pvcreate -qq "$device"
vgcreate -qq layers "$device"
lvcreate -qq --noudevsync -Zn -Wn -n data -l 100%FREE layers
dmsetup mknodes
litter /dev/mapper/layers-data ext4
trims LVM lvm

modprobe dm-crypt
device=$(attach crypt)
head -c 32 /dev/urandom >/run/key
crypt() { # OPTION…
	cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 256 --key-file /run/key "$@" "$device" secret
	dmsetup mknodes
}
crypt --allow-discards
litter /dev/mapper/secret ext4
trims "dm-crypt that allows discards" crypt
cryptsetup close secret
crypt
mount /dev/mapper/secret /srv/layers
refuses "dm-crypt that does not is named" 9 'dm-[0-9]+ \(secret\) passes no discards' rbdvol trim $pool/crypt
umount /srv/layers
cryptsetup close secret
done_testing
