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
	local mounted
	for mounted in /srv/web*; do
		umount "$mounted" 2>/dev/null
	done
	kill "$writer" 2>/dev/null
	wait "$writer" 2>/dev/null
	umount /srv/used 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	pool_over $pool
}
trap cleanup EXIT

id_of() { # IMAGE
	rbd info "$1" --format json | jq -r .id
}

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
me=$(rados -p $pool getxattr "rbd_header.$(id_of $pool/used)" rbdvol.hold)
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

mounted() {
	attached
	mkfs.ext4 -q -E nodiscard "/dev/rbdvol/$space"
	mkdir "/srv/$image" && mount "/dev/rbdvol/$space" "/srv/$image"
}

# A hold as another host, or an earlier boot of this one, writes it: its client has died as the owner of
# the image's lock. The feature is left out, or the kernel would shut the owner out by itself.
held_by() { # HOST BOOT HOST-NAME
	rbd create "$space" --size 16M --image-feature layering
	rados -p $pool lock get "rbd_header.$(id_of "$space")" rbd_lock --lock-cookie 'auto 1' --lock-tag internal
	address=$(rados -p $pool lock info "rbd_header.$(id_of "$space")" rbd_lock | jq -r '.lockers[0].addr')
	rados -p $pool setxattr "rbd_header.$(id_of "$space")" rbdvol.hold \
		"[{\"host\": \"$1\", \"boot_id\": \"$2\", \"host_name\": \"$3\", \"client_address\": \"$address\", \"since\": 1700000000}]"
}

earlier() {
	held_by "$(jq -r '.[0].host' <<<"$me")" "an earlier boot" "$(jq -r '.[0].host_name' <<<"$me")"
}

elsewhere() {
	held_by 0123456789abcdef "another boot" other
}

# Whoever held it is blocklisted when it is attached.
taken() { # OPTION...
	rbdvol attach "$space" "$@" && ceph osd blocklist ls 2>/dev/null | grep "^$address "
}

steal() {
	taken --steal --yes
}

attach() {
	rbdvol attach "$space"
}

# An attach that fails late, as udev does not name the device: it ends that and gives the hold back.
# What an earlier attempt took it leaves alone, for a detach.
unnamed() {
	local status
	mkdir -p /etc/udev/rules.d && : >/etc/udev/rules.d/59-rbdvol.rules && udevadm control --reload
	! rbdvol attach "$space"
	status=$?
	rm /etc/udev/rules.d/59-rbdvol.rules && udevadm control --reload
	((status == 0)) && rbdvol detach "$space"
}

detach() {
	rbdvol detach "$space"
}

resize() {
	rbdvol resize "$space" 32M && [[ $(blockdev --getsize64 "/dev/rbdvol/$space") == $((32 << 20)) ]]
}

resize_mounted() {
	resize && [[ $(df --output=size --block-size=1M "/srv/$image" | tail -n 1) -gt 20 ]]
}

each_point attach volume attach
each_point detach attached detach
each_point "resize of an attached volume" attached resize grow.resized
each_point "resize of a mounted volume" mounted resize_mounted '^(device|filesystem)'
each_point "attach over the hold of an earlier boot" earlier taken hold.fenced
each_point "attach --steal" elsewhere steal hold.fenced
each_point "an attach that fails" volume unnamed '^undo'

before_restart=$(listed .)
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
deadly_start
is "after a restart list tells of all devices what it told before" "$(listed .)" "$before_restart"
like "of some" "$before_restart" "$pool/used.*/srv/used"

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
