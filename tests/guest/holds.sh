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

# --- refusals ---
rbd snap create $pool/vol@keep 2>/dev/null
refuses "a snapshot is not deleted" 2 'not a snapshot' rbdvol delete $pool/vol@keep
rbd snap rm $pool/vol@keep 2>/dev/null
exec rbd watch $pool/vol >/dev/null < <(sleep 1000) &
watcher=$!
wait_for 60 is_watched $pool/vol
refuses "what a stranger has open is not wiped" 6 'open for writing at' rbdvol wipe $pool/vol --algorithm trim --yes
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

# --- a device that udev does not name in time, and that somebody has open by then ---
udevadm control --stop-exec-queue
rbdvol attach $pool/vol 2>/run/attach.err &
attach=$!
wait_for 60 test -e /sys/bus/rbd/devices/0
tail -f /dev/null 3</dev/rbd0 &
watcher=$!
wait $attach
is "an attach that udev does not finish fails" $? 7
ok "it ends" wait_for 60 job_has_ended
job=$(rbdvol jobs --json | jq -c '.jobs | map(select(.verb == "attach")) | last')
like "says why" "$job" 'udev has not processed /dev/rbd0'
like "and what stays" "$job" 'stays attached as /dev/rbd0, and held'
ok "the device is there" test -e /sys/bus/rbd/devices/0
is "so is the hold" "$(holder $pool/vol)" "$(uname -n)"
kill $watcher
wait $watcher 2>/dev/null
udevadm control --start-exec-queue
is "the next attach completes it" "$(rbdvol attach $pool/vol)" /dev/rbdvol/$pool/vol
ok "and detach ends it" rbdvol detach $pool/vol
is "nobody holds it" "$(holder $pool/vol)" nobody
done_testing
