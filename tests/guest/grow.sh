#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Volumes grown, snapshotted and flattened while they are attached, mounted and written to.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=grow

field() { # VOLUME JQ-EXPRESSION
	rbdvol show "$1" --json | jq -r "$2"
}

cleanup() {
	umount /srv/* 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over $pool
}
trap cleanup EXIT

pool_create $pool
daemon_start

# --- resize: image, device and file system ---
mib() { # MOUNT: how large its file system is, in MiB, less than the device by its own overhead
	df --output=size -B1M "$1" | tail -1
}

ok "a volume" rbdvol create $pool/idle --size 64M
ok "that is not attached grows" rbdvol resize $pool/idle 128M
is "it has the size" "$(field $pool/idle .size)" $((128 << 20))
ok "again is fine" rbdvol resize $pool/idle --size 128M
refuses "it never shrinks" 2 'larger already: it has 128 MiB' rbdvol resize $pool/idle 64M
refuses "a size is needed" 2 'SIZE is missing' rbdvol resize $pool/idle
refuses "and one only" 2 'takes one size' rbdvol resize $pool/idle 1G --size 2G
refuses "of a volume that is there" 3 "no image '$pool/none'" rbdvol resize $pool/none 1G

for fs in ext4 xfs btrfs; do
	command -v mkfs.$fs >/dev/null || {
		tap_result 0 "$fs # SKIP no mkfs.$fs" ''
		continue
	}
	size=320
	mkdir -p /srv/$fs
	rbdvol create $pool/$fs --size ${size}M
	link=$(rbdvol attach $pool/$fs)
	case $fs in
	ext4) mkfs.ext4 -q -E nodiscard "$link" ;;
	xfs) mkfs.xfs -q -K "$link" ;;
	btrfs) mkfs.btrfs -q -K "$link" ;;
	esac
	if ! mount "$link" /srv/$fs 2>/dev/null; then
		tap_result 0 "$fs # SKIP this kernel has none" ''
		continue
	fi
	echo "$fs" >/srv/$fs/mark
	ok "$fs grows while it is mounted" rbdvol resize $pool/$fs 640M
	is "$fs: the device has the size" "$(blockdev --getsize64 "$link")" $((640 << 20))
	ok "$fs: its file system too" test "$(mib /srv/$fs)" -gt 450
	is "$fs: its content is there" "$(cat /srv/$fs/mark)" $fs
	ok "$fs: again is fine" rbdvol resize $pool/$fs 640M
	umount /srv/$fs
done
rbdvol detach $pool/ext4
rbd resize --no-progress --size 960M $pool/ext4
mount "$(rbdvol attach $pool/ext4)" /srv/ext4
ok "what was grown without its file system" test "$(mib /srv/ext4)" -lt 640
ok "is completed by a resize" rbdvol resize $pool/ext4 960M
ok "indeed" test "$(mib /srv/ext4)" -gt 800

# --- snapshots ---
echo before >/srv/ext4/mark
is "a snapshot of a mounted volume" "$(rbdvol snapshot $pool/ext4@first)" "$pool/ext4@first"
echo after >/srv/ext4/mark
ok "again is fine" rbdvol snapshot $pool/ext4@first
like "and noted" "$(rbdvol snapshot $pool/ext4@first 2>&1 >/dev/null)" 'exists already'
like "without a name it is the time" "$(rbdvol snapshot $pool/ext4)" "^$pool/ext4@[0-9]{8}T[0-9]{6}Z\$"
refuses "names of rbdvol's own are refused" 2 "begin with 'rbdvol-'" rbdvol snapshot $pool/ext4@rbdvol-1
mount -o ro,norecovery "$(rbdvol attach $pool/ext4@first)" /mnt
is "it has what was written before it" "$(cat /mnt/mark)" before
umount /mnt
ok "it is let go of" rbdvol detach $pool/ext4@first
umount /srv/ext4

# --- flatten ---
ok "a parent" rbdvol create $pool/golden --size 64M
device=$(rbdvol attach $pool/golden)
dd if=/dev/urandom of="$device" bs=1M count=64 oflag=direct status=none
sum=$(sha256sum <"$device")
rbdvol detach $pool/golden
rbdvol create $pool/other --from $pool/golden
device=$(rbdvol attach $pool/clone --from $pool/golden)
ok "a clone is flattened while it is attached" rbdvol flatten $pool/clone
is "it has no parent" "$(field $pool/clone .parent)" null
is "its content is the parent's" "$(dd if="$device" bs=1M iflag=direct status=none | sha256sum)" "$sum"
is "the snapshot stays as long as another clone needs it" "$(rbd snap ls $pool/golden --format json | jq length)" 1
ok "again is fine" rbdvol flatten $pool/clone
like "the last one takes it away" "$(rbdvol flatten $pool/other 2>&1)" "snapshot $pool/golden@rbdvol-.* is removed too"
is "indeed" "$(rbd snap ls --all $pool/golden --format json | jq length)" 0
is "and its content is whole" "$(rbd export --no-progress $pool/other - | sha256sum)" "$sum"
refuses "a snapshot has nothing to flatten" 2 'not a snapshot' rbdvol flatten $pool/ext4@first
done_testing
