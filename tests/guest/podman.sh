#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real podman on two hosts: a volume that goes with its data from one to the other, and what it
# survives. The plugin's own answers are tested by plugin.sh.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
command -v podman >/dev/null || { echo "1..0 # SKIP no podman: tests/lab/install containers"; exit; }
in_lab a b

pool=pod

start_daemon() { # GUEST
	serve "$1" --plugin-socket /run/docker/plugins/rbdvol.sock
}

prepare() { # GUEST
	on "$1" --sh "mkdir -p /etc/rbdvol; printf '[rbdvol]\npool = $pool\n' >/etc/rbdvol/rbdvol.conf"
	start_daemon "$1"
	on "$1" "$tap_tools/podman" || bail_out "no podman in guest $1"
}

left() { # GUEST: what is mapped and mounted
	on "$1" --sh 'echo $(ls /sys/bus/rbd/devices) $(grep -o "/run/rbdvol/mounts/[^ ]*" /proc/self/mountinfo)'
}

cleanup() {
	local guest
	for guest in a b; do
		[[ $tap_failures == 0 ]] ||
			on $guest --sh 'tail -n 30 /var/log/rbdvold.log; dmesg | tail -n 15
				[ ! -e /var/log/core ] || gdb -batch -ex "thread apply all bt" /usr/sbin/rbdvold /var/log/core' |
				sed "s/^/# $guest: /"
		on $guest --sh 'podman rm -fa -t 0; umount /run/rbdvol/mounts/* /var/lib/containers
			for d in /sys/bus/rbd/devices/*; do [ ! -e $d ] || rbd unmap /dev/rbd${d##*/}; done
			rm -rf /run/rbdvol/names /run/rbdvol/users /etc/rbdvol/rbdvol.conf' >/dev/null 2>&1
		serve_no_more $guest
	done
	pool_delete $pool
}
trap cleanup EXIT

pool_create $pool
prepare a &
prepare b &
wait

# --- one host ---
ok "an empty volume is created" on a podman volume create --driver rbdvol -o size=64M golden
ok "a container writes into it" on a pod --rm -v golden:/data box sh -c 'echo golden >/data/motd'
is "nothing is left mapped or mounted" "$(left a)" ""
ok "a clone is created" on a podman volume create --driver rbdvol -o from=golden -o size=128M data
is "a container reads golden's file in it" "$(on a pod --rm -v data:/data box cat /data/motd)" golden
ok "created again by the other host" on b podman volume create --driver rbdvol -o from=golden -o size=128M data
like "with other options it is not" \
	"$(on b podman volume create --driver rbdvol -o from=golden -o size=1G data 2>&1)" 'with other options: from=golden size=128M|already exists'
like "a bad option is refused with the reason" \
	"$(on a podman volume create --driver rbdvol -o size=1G -o mount-options=loop bad 2>&1)" "'loop' is not among the mount options"

# --- one container after the other, on two hosts ---
ok "a container that stays" on a pod -d --name keeper -v data:/data box sh -c 'echo a >/data/mark; sync; exec sleep 1000'
like "the other host is refused, and told who has it" \
	"$(on b pod --rm -v data:/data box cat /data/mark 2>&1)" 'held by host guest-a'
ok "a second container on the same host" on a pod --rm -v data:/data box cat /data/mark
like "whose end leaves the first its volume" "$(left a)" 'mounts/pod%2Fdata'
on a --sh 'kill -9 $(cat /run/rbdvold.pid)'
is "the daemon is killed; the container goes on" "$(on a podman exec keeper cat /data/mark)" a
start_daemon a
ok "and is stopped under the next daemon" on a podman stop -t 0 keeper
is "which lets go of the volume" "$(left a)" ""
is "so it moves, with its data" "$(on b pod --rm -v data:/data box cat /data/mark)" a

# --- containers that die ---
on a pod -d --name victim -v data:/data box sleep 1000 >/dev/null
on a --sh 'kill -9 $(podman inspect -f "{{.State.Pid}}" victim)'
ok "a container that was killed lets go of its volume" \
	timeout 30 bash -c "while [[ \$($tap_tools/guest run ls /sys/bus/rbd/devices) ]]; do sleep 0.5; done"
on a --sh 'podman start victim >/dev/null; kill -9 $(podman inspect -f "{{.State.ConmonPid}} {{.State.Pid}}" victim)'
ok "one that was killed with its monitor, when it is removed" on a podman rm -f -t 0 victim
is "nothing is left" "$(left a)" ""

# --- both at once, where that is fine ---
ok "a volume for reading" on a podman volume create --driver rbdvol -o from=golden -o read-only=yes shelf
on b podman volume create --driver rbdvol -o from=golden -o read-only=yes shelf >/dev/null
on a pod -d --name reader -v shelf:/data box sleep 1000 >/dev/null
is "is read on both hosts at once" "$(on b pod --rm -v shelf:/data box cat /data/motd)$(on a podman exec reader cat /data/motd)" goldengolden

# --- the end ---
on a podman rm -f -t 0 reader keeper >/dev/null 2>&1
ok "the volumes are removed" on a podman volume rm shelf data golden
is "from the cluster too" "$(rbd ls $pool)" ""
is "and nothing is left on this host" "$(left a)" ""
is "nor on the other" "$(left b)" ""
done_testing
