#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rbdvold is killed at every point of what it does with a device of this host; the same request,
# given again, completes it, and nothing is left over: no mapping, key, link, hold or file. And a
# device in use is not touched by any of that.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"
# shellcheck source=../lab/failpoints.sh
. "$top_srcdir/tests/lab/failpoints.sh"

pool=crash2
rbdvol=rbdvol

cleanup() {
	kill "$writer" 2>/dev/null
	wait "$writer" 2>/dev/null
	umount /srv/used 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	pool_delete $pool
}
trap cleanup EXIT

pool_create $pool
modprobe rbd single_major=Y
deadly_start

# A file system in use all the while.
mkdir -p /srv/used
rbdvol create $pool/used --size 128M
used=$(rbdvol attach $pool/used)
mkfs.ext4 -q -E nodiscard "$used" && mount "$used" /srv/used || bail_out "no file system"
(
	n=0
	while echo $((n += 1)) >>/srv/used/log && sync -d /srv/used/log; do sleep 0.2; done
) &
writer=$!
before=$(rbdvol show $pool/used --json | jq -c '[.device, .client_address, .held_by]')

# A volume of its own for each run is space enough: what is in the cluster, tests/cluster/crash.sh
# looks at, and here each call of Ceph's own tools takes a second.
new_space() {
	space_count=$((space_count + 1))
	image=web$space_count
	space=$pool/$image
}

world() { # what there is of this volume, on this host
	grep -lx "$image" /sys/bus/rbd/devices/*/name | wc -l
	find "/dev/rbdvol/$pool" -name "$image*" | wc -l
	grep -c ' ceph ' /proc/keys
	find /run/rbdvol | sort
	rbdvol show "$space" --json |
		jq -c '[.size, .attached, .held_by.host, .held_by.address == .client_address]'
}

volume() {
	rbdvol create "$space" --size 16M
}

attached() {
	volume
	rbdvol attach "$space" >/dev/null
}

attach() {
	rbdvol attach "$space"
}

detach() {
	rbdvol detach "$space"
}

resize() {
	rbdvol resize "$space" 32M && [[ $(blockdev --getsize64 "/dev/rbdvol/$space") == $((32 << 20)) ]]
}

each_point attach volume attach
each_point detach attached detach
each_point "resize of an attached volume" attached resize grow.resized

is "the device in use is what it was" \
	"$(rbdvol show $pool/used --json | jq -c '[.device, .client_address, .held_by]')" "$before"
ok "and was written all the time" kill -0 $writer
kill $writer
wait $writer 2>/dev/null
lines=$(wc -l </srv/used/log)
umount /srv/used
ok "it is let go of" rbdvol detach $pool/used
mount "$(rbdvol attach $pool/used)" /srv/used
is "nothing of it is lost" "$(cat /srv/used/log)" "$(seq 1 "$lines")"
done_testing
