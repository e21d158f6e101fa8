#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trimming through what may lie between a file system and its volume: a partition, LVM, dm-crypt; and
# xfs and btrfs. What passes no discards is named. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=layers

cleanup() {
	umount -A /srv/layers /srv/plain 2>/dev/null
	cryptsetup close secret 2>/dev/null
	vgchange -qq -an layers 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

attach() { # VOLUME [SIZE]
	rbdvol create "$pool/$1" --size "${2-512M}"
	readlink -f "$(rbdvol attach "$pool/$1")"
}

# A file system on NODE, with something deleted from it: enough for whole objects, wherever it lay.
litter() { # NODE TYPE
	case $2 in
	xfs) mkfs.xfs -q -K "$1" ;;
	btrfs) mkfs.btrfs -q -K "$1" ;;
	ext4) mkfs.ext4 -q -E nodiscard "$1" ;;
	esac
	mount "$1" /srv/layers
	dd if=/dev/zero of=/srv/layers/junk bs=1M count=40 conv=fsync status=none
	rm /srv/layers/junk
	sync -f /srv/layers
}

# What was deleted comes back to the cluster.
trims() { # DESCRIPTION VOLUME
	local said
	said=$(rbdvol trim "$pool/$2" --json)
	ok "$1: what is deleted is trimmed" test "$(jq .trimmed <<<"$said")" -ge $((40 << 20))
	ok "$1: and comes back" test "$(jq '.usage_before.stored - .usage.stored' <<<"$said")" -ge $((27 << 20))
	umount /srv/layers
}

pool_create $pool
mkdir -p /srv/layers /srv/plain
daemon_start

device=$(attach xfs)
litter "$device" xfs
trims xfs xfs

# One file system mounted twice, the second time by a subvolume, which has a device number of its own.
device=$(attach btrfs)
litter "$device" btrfs
btrfs -q subvolume create /srv/layers/part
mount -o subvol=part "$device" /srv/plain
said=$(rbdvol trim $pool/btrfs --json)
is "btrfs is trimmed once, however often it is mounted" "$(jq .filesystems <<<"$said")" 1
ok "what is deleted is trimmed" test "$(jq .trimmed <<<"$said")" -ge $((40 << 20))
ok "and comes back" test "$(jq '.usage_before.stored - .usage.stored' <<<"$said")" -ge $((27 << 20))
like "with a rate it is trimmed at once, which is told" "$(rbdvol trim $pool/btrfs --rate 1G 2>&1)" 'trimmed at once, not at the rate'
umount /srv/plain /srv/layers

# --- with a rate: range after range, none of which is trimmed twice ---
keeps_to() { # RATE-IN-BYTES TYPE
	local device start took said
	device=$(attach "$2-slow" 3G)
	litter "$device" "$2"
	start=$(date +%s%N)
	said=$(rbdvol trim "$pool/$2-slow" --rate "$1" --json | jq .trimmed)
	took=$((($(date +%s%N) - start) / 1000000))
	ok "$2 with a rate: no more is trimmed than there is" test "$said" -le $((3 << 30))
	ok "$2 with a rate: nor much less" test "$said" -ge $((2 << 30))
	ok "$2 with a rate: it takes its time" test $took -ge $((said * 1000 / $1))
	umount /srv/layers
}
keeps_to $((2 << 30)) ext4
keeps_to $((2 << 30)) xfs

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

# --- one that cannot be trimmed keeps no other from it ---
device=$(attach two)
sfdisk -q "$device" <<<$',200M,L\n,,L' && udevadm settle
node=$device
device=${node}p2 crypt
litter /dev/mapper/secret ext4 # the first in the table of mounts
mkfs.ext4 -q -E nodiscard "${node}p1"
mount "${node}p1" /srv/plain
refuses "what was trimmed beside is told" 9 'after [0-9.]+ MiB were trimmed:.*no discard.*passes no discards' \
	rbdvol trim $pool/two
said=$(rbdvol trim --all 2>&1)
is "as one of all it is not a failure" $? 0
like "but a note" "$said" 'note:.*cannot trim /srv/layers.*passes no discards'
mount -t tmpfs hides /srv/plain
refuses "no file system is trimmed that is mounted over it" 9 '^rbdvol: cannot trim /srv/layers' rbdvol trim $pool/two
umount /srv/plain /srv/layers
mount -t tmpfs hides /srv/plain
umount /srv/plain
mount "${node}p1" /srv/plain
mount -t tmpfs hides /srv/plain
refuses "and that it is hidden is told" 1 'another mount hides it' rbdvol trim $pool/two
umount /srv/plain
umount /srv/plain
cryptsetup close secret
done_testing
