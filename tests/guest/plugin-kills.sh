#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random creates, mounts, unmounts and removals of container volumes, some of them clones, while
# rbdvold is killed at random moments: what is mounted stays mounted, what is there is whole, and when
# the last user has gone nothing is left mapped, mounted, held or in the cluster.
#
# Usage: plugin-kills.sh [RUNS [SEED]]      (10 in "make check"; 500 in "make soak")
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

runs=${1:-10}
RANDOM=${2:-4711}
pool=kills
socket=/run/docker/plugins/rbdvol.sock
names=(one two three clone copy)
ids=(a b c)
kills=0

call() {
	curl -s -m 120 --unix-socket $socket -d "$2" "http://d/VolumeDriver.$1"
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
	pool_over $pool
}
trap cleanup EXIT

# Whoever is told that it is mounted finds what was written when it was made.
check_mounted() { # NAME ANSWER
	local at
	at=$(jq -r 'select(.Err == "") | .Mountpoint' <<<"$2" 2>/dev/null)
	[[ $at ]] || return 0
	findmnt -n "$at" >/dev/null || echo "$1 is not mounted, but was said to be"
	[[ $1 != c* || -e $at/motd ]] || echo "$1 is not a clone of golden"
}

# clone and copy are clones of golden
create() { # NAME
	local request='{"size":"32M"}'
	[[ $1 != c* ]] || request='{"from":"golden","size":"48M"}'
	call Create "{\"Name\":\"$1\",\"Opts\":$request}"
}

# One operation, of a kind that NAME is ready for. Prints the answer.
operate() { # OP NAME ID
	case $1 in
	Create) create "$2" ;;
	Remove) call Remove "{\"Name\":\"$2\"}" ;;
	*) call "$1" "{\"Name\":\"$2\",\"ID\":\"$3\"}" ;;
	esac
}

# The cluster tells a client that was killed from one that is slow after 30 s: until then an image that
# it had open is not removed. Whoever is told so asks again.
patiently() { # OP NAME ID
	local answer end=$((SECONDS + 200))
	while true; do
		answer=$(operate "$@")
		[[ $answer == *'open for writing at'* && $SECONDS -lt $end ]] || break
		sleep 1
	done
	echo "$answer"
}

# The killed daemon's mkfs and e2fsck go on, and are at the device still.
await_orphans() {
	wait_for 100 bash -c '! pgrep -x "mkfs.ext4|mke2fs|e2fsck"' >&2
}

kill_in_between() { # OP NAME ID
	local client
	operate "$@" >/dev/null &
	client=$!
	sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
	kill -9 "$daemon_pid"
	wait "$daemon_pid" "$client" 2>/dev/null
	kills=$((kills + 1))
	await_orphans
	daemon_start --plugin-socket $socket
}

pool_create $pool
mkdir -p /etc/rbdvol
printf '[rbdvol]\npool = %s\nplugin-timeout = 100\n' $pool >/etc/rbdvol/rbdvol.conf
daemon_start --plugin-socket $socket
call Create '{"Name":"golden","Opts":{"size":"32M"}}' >/dev/null
golden=$(call Mount '{"Name":"golden","ID":"me"}' | jq -r .Mountpoint)
echo golden >"$golden/motd"
call Unmount '{"Name":"golden","ID":"me"}' >/dev/null

# Remove of what is used is refused, as it should be; all else succeeds. What was removed is created
# before it is used again.
faults=''
for ((i = 0; i < runs; i++)); do
	name=${names[RANDOM % ${#names[@]}]}
	id=${ids[RANDOM % 3]}
	ops=(Mount Mount Unmount Unmount Create Remove)
	op=${ops[RANDOM % 6]}
	if ((RANDOM % 3)); then
		[[ $op != Mount ]] || create "$name" >/dev/null
		answer=$(patiently $op "$name" $id)
		error=$(jq -r .Err <<<"$answer")
		[[ $op == Remove && $error == *'mounted here for'* ]] && error=''
		[[ $answer && ! $error ]] || faults+="$i: $op $name $id: $answer"$'\n'
		[[ $op != Mount ]] || faults+=$(check_mounted "$name" "$answer")
	else
		kill_in_between $op "$name" $id
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
rbdvol prune --pool $pool >&2 # a Remove that was killed, and not asked for again, leaves its hold
is "nor held" "$(for name in "${names[@]}"; do rbdvol show $pool/$name --json 2>/dev/null | jq -r '.held_by // empty'; done)" ""
for name in "${names[@]}"; do # also one whose creation was the last that was cut off
	is "volume $name can be created" "$(create "$name")" '{"Err":""}'
done
for name in "${names[@]}" golden; do
	is "volume $name is removed" "$(patiently Remove "$name")" '{"Err":""}'
done
is "from the cluster too" "$(rbd ls $pool)" ""
is "and nothing of a creation that was cut off is left here" "$(ls -A /run/rbdvol/names)" ""
done_testing
