#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random mounts and unmounts of container volumes, while rbdvold is killed at random moments: what is
# mounted stays mounted, and when the last user has gone nothing is left mapped, mounted or held.
#
# Usage: plugin-kills.sh [RUNS [SEED]]      (10 in "make check"; 60 take a minute or two)
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

runs=${1:-10}
RANDOM=${2:-4711}
pool=kills
socket=/run/docker/plugins/rbdvol.sock
names=(one two three)
ids=(a b c)
kills=0

call() {
	curl -s -m 30 --unix-socket $socket -d "$2" "http://d/VolumeDriver.$1"
}

left() {
	ls /sys/bus/rbd/devices
	grep -o "/run/rbdvol/mounts/[^ ]*" /proc/self/mountinfo
	ls -A /run/rbdvol/users
}

cleanup() {
	umount /run/rbdvol/mounts/* 2>/dev/null
	daemon_stop
	rm -rf /run/rbdvol/names /run/rbdvol/users /etc/rbdvol/rbdvol.conf
	for device in /sys/bus/rbd/devices/*; do
		[[ -e $device ]] && rbd unmap "/dev/rbd${device##*/}"
	done
	pool_delete $pool
}
trap cleanup EXIT

# Whoever is told that it is mounted writes, and finds it again.
check_mounted() { # NAME ANSWER
	local at
	at=$(jq -r 'select(.Err == "") | .Mountpoint' <<<"$2" 2>/dev/null)
	[[ $at ]] || return 0
	findmnt -n "$at" >/dev/null || echo "$1 is not mounted, but was said to be"
}

pool_create $pool
mkdir -p /etc/rbdvol
printf '[rbdvol]\npool = %s\nplugin-timeout = 20\n' $pool >/etc/rbdvol/rbdvol.conf
daemon_start --plugin-socket $socket
for name in "${names[@]}"; do
	call Create "{\"Name\":\"$name\",\"Opts\":{\"size\":\"32M\"}}" >/dev/null
done

faults=''
for ((i = 0; i < runs; i++)); do
	name=${names[RANDOM % 3]}
	id=${ids[RANDOM % 3]}
	op=Mount
	((RANDOM % 2)) && op=Unmount
	if ((RANDOM % 3)); then
		answer=$(call $op "{\"Name\":\"$name\",\"ID\":\"$id\"}")
		[[ $(jq -r .Err <<<"$answer") == '' ]] || faults+="$op $name $id: $answer"$'\n'
		[[ $op == Unmount ]] || faults+=$(check_mounted "$name" "$answer")
	else
		call $op "{\"Name\":\"$name\",\"ID\":\"$id\"}" >/dev/null &
		client=$!
		sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
		kill -9 "$daemon_pid"
		wait "$daemon_pid" "$client" 2>/dev/null
		kills=$((kills + 1))
		daemon_start --plugin-socket $socket
	fi
done
is "$runs runs, with $kills kills: each call that was let go to its end did what it said" "$faults" ""

for name in "${names[@]}"; do
	for id in "${ids[@]}"; do
		answer=$(call Unmount "{\"Name\":\"$name\",\"ID\":\"$id\"}")
		[[ $answer == '{"Err":""}' ]] || faults+="Unmount $name $id: $answer"$'\n'
	done
done
is "every user goes" "$faults" ""
is "and nothing is left mapped, mounted or counted" "$(left)" ""
is "nor held" "$(for name in "${names[@]}"; do rbdvol show $pool/$name --json | jq -r '.held_by // empty'; done)" ""
for name in "${names[@]}"; do
	is "volume $name is removed" "$(call Remove "{\"Name\":\"$name\"}")" '{"Err":""}'
done
is "from the cluster too" "$(rbd ls $pool)" ""
done_testing
