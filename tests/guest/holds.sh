#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hold is there as long as a device is, and no longer: after refusals, a rename, another way of
# sharing, and a map that fails when the device is there already.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"
pool=holds

holder() { # VOLUME
	rbdvol show "$1" --json | jq -r '.held_by | .host // "nobody"'
}

hold_of_id() { # IMAGE-ID
	rados -p $pool getxattr "rbd_header.$1" rbdvol.hold 2>/dev/null
}

cleanup() {
	kill "$watcher" 2>/dev/null
	udevadm control --start-exec-queue
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
watcher=''
trap cleanup EXIT

is_watched() { # VOLUME
	[[ $(rbd status "$1" --format json | jq '.watchers | length') -gt 0 ]]
}

is_unwatched() {
	! is_watched "$1"
}

job_has_ended() {
	rbdvol jobs --json | jq -e '.jobs | map(select(.state == "queued" or .state == "running")) == []'
}

pool_create $pool
# The shortest time that an attach has before it gives up.
printf '[rbdvol]\ntimeout = 12\n' >/run/holds.conf
daemon_start --config /run/holds.conf
rbdvol create $pool/vol --size 16M
rbdvol create $pool/next --size 16M

# --- refusals ---
rbd snap create $pool/vol@keep 2>/dev/null
ok "delete of a snapshot" rbdvol delete $pool/vol@keep
is "removes that, not the volume" "$(rbd snap ls $pool/vol --format json)" '[]'
exec rbd watch $pool/vol >/dev/null < <(sleep 1000) &
watcher=$!
wait_for 60 is_watched $pool/vol
refuses "what an unknown client has open is not wiped" 6 'open for writing at' rbdvol wipe $pool/vol --algorithm trim --yes
is "and not held after that" "$(holder $pool/vol)" nobody
refuses "nor is it deleted" 6 'open for writing at' rbdvol delete $pool/vol
is "and not held after that either" "$(holder $pool/vol)" nobody
kill $watcher
wait $watcher 2>/dev/null
ok "that ends" wait_for 90 is_unwatched $pool/vol

# --- sharing ---
ok "attached for this host alone" rbdvol attach $pool/vol
refuses "it is not shared under its device" 5 'attached already.*not shared' rbdvol attach $pool/vol --shared
is "and stays held" "$(holder $pool/vol)" "$(uname -n)"
is "not shared" "$(rbdvol show $pool/vol --json | jq .held_by.shared)" false

# --- a rename ---
id=$(rbd info $pool/vol --format json | jq -r .id)
like "the hold is on the image" "$(hold_of_id "$id")" '"host_name": ?"guest-a"'
rbd rename $pool/vol $pool/other
ok "a volume that was renamed is detached" rbdvol detach /dev/rbd0
is "and its hold is let go" "$(hold_of_id "$id")" ""
rbd rename $pool/other $pool/vol

# --- udev is late ---
# What is late is not given up: the next attempt goes on with it. Nor is it forgotten: udev takes its time
# with each end of a device here, and both detach and attach wait for that.
device_of() { # VOLUME: it is "none" where it has none
	rbdvol show "$1" --json | jq -r '.device // "none"'
}

mkdir -p /run/udev/rules.d
echo 'ACTION=="remove", KERNEL=="rbd[0-9]", PROGRAM="/bin/sh -c '"'sleep 2; echo %k >>/run/ended'"'"' \
	>/run/udev/rules.d/10-late.rules
udevadm control --reload
udevadm control --stop-exec-queue
attach=$(rbdvol attach $pool/vol 2>&1)
is "an attach that udev is late with fails" $? 7
like "says why" "$attach" 'udev has not processed /dev/rbd0 in time'
like "and what stays" "$attach" 'it stays attached as /dev/rbd0, and held'
is "so it is" "$(device_of $pool/vol) $(holder $pool/vol)" "/dev/rbd0 $(uname -n)"
address=$(cat /sys/bus/rbd/devices/0/client_addr)
attach=$(rbdvol attach $pool/vol 2>&1)
like "the next attach" "$? $attach" '7 .*udev has not processed /dev/rbd0 in time'
is "goes on with the same device" "$(echo /sys/bus/rbd/devices/*) $(cat /sys/bus/rbd/devices/0/client_addr)" \
	"/sys/bus/rbd/devices/0 $address"

udevadm control --start-exec-queue
is "and completes it once udev goes on" "$(rbdvol attach $pool/vol --timeout 120 2>&1)" "/dev/rbdvol/$pool/vol"

udevadm control --stop-exec-queue
ok "a detach does not wait for udev for ever" rbdvol detach $pool/vol
is "nobody holds it" "$(holder $pool/vol)" nobody
rbdvol attach $pool/next >/dev/null 2>&1
is "what is attached next has the same number" "$(device_of $pool/next)" /dev/rbd0
ok "and can be detached, too" rbdvol detach $pool/next
rbdvol attach $pool/vol >/dev/null 2>&1
is "and so the third" "$(device_of $pool/vol)" /dev/rbd0
is "udev knows nothing of all that" "$(cat /run/ended 2>&1)" "cat: /run/ended: No such file or directory"
udevadm control --start-exec-queue
is "an attach is not done with an event of the first" "$(rbdvol attach $pool/vol --timeout 120 2>&1) $(xargs </run/ended)" \
	"/dev/rbdvol/$pool/vol rbd0 rbd0"
is "but with its own" "$(udevadm info -q property /dev/rbd0 | grep ^ID_RBD_DISKSEQ)" \
	"ID_RBD_DISKSEQ=$(cat /sys/block/rbd0/diskseq)"
udevadm settle
ok "and its link stays" test -b /dev/rbdvol/$pool/vol

udevadm control --stop-exec-queue
rbdvol attach $pool/next >/dev/null 2>&1
is "a device that udev has never seen" "$(device_of $pool/next)" /dev/rbd1
udevadm control --start-exec-queue
ok "is detached" rbdvol detach $pool/next --timeout 60
is "only when udev has processed its end" "$(xargs </run/ended)" "rbd0 rbd0 rbd1"
ok "and so is one with a link" rbdvol detach $pool/vol --timeout 60
is "as soon as its end is" "$(xargs </run/ended)" "rbd0 rbd0 rbd1 rbd0"
rm /run/udev/rules.d/10-late.rules
udevadm control --reload

# --- udev is not there, and somebody has the device open by the time that shows ---
udevadm control --exit
refuses "an attach without udev" 1 'systemd-udevd is not running' rbdvol attach $pool/vol
is "leaves nothing" "$(device_of $pool/vol) $(holder $pool/vol)" "none nobody"
rbdvol attach $pool/vol 2>/run/attach.err &
attach=$!
wait_for 60 test -b /dev/rbd0
tail -f /dev/null 3</dev/rbd0 &
watcher=$!
wait $attach
is "where the device cannot be ended" $? 1
like "it is told what stays" "$(cat /run/attach.err)" 'stays attached as /dev/rbd0, and held.*in use'
is "and it does" "$(device_of $pool/vol) $(holder $pool/vol)" "/dev/rbd0 $(uname -n)"
kill $watcher
wait $watcher 2>/dev/null
/usr/lib/systemd/systemd-udevd --daemon
udevadm trigger --subsystem-match=block
is "with udev the next attach completes it" "$(rbdvol attach $pool/vol --timeout 120 2>&1)" /dev/rbdvol/$pool/vol
ok "and detach ends it" rbdvol detach $pool/vol
is "nobody holds it then" "$(holder $pool/vol)" nobody
done_testing
