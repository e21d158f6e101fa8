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
	on "$1" --sh "mkdir -p /etc/rbdvol; printf '[rbdvol]\npool = $pool\ncluster-timeout = 10\n' >/etc/rbdvol/rbdvol.conf"
	start_daemon "$1"
	on "$1" "$tap_tools/podman" || bail_out "no podman in guest $1"
}

# What takes longer than podman waits goes on, and its error says so: whoever asked asks again.
again() { # GUEST COMMAND...
	local out errors status end=$((SECONDS + 120))
	errors=$(mktemp)
	while true; do
		out=$(on "$@" 2>"$errors")
		status=$?
		[[ $status != 0 && $SECONDS -lt $end ]] &&
			grep -qE 'still running|the attempt before|Client.Timeout|context deadline exceeded' "$errors" || break
	done
	echo "$out"
	cat "$errors" >&2
	rm "$errors"
	return $status
}

pids() { # GUEST CONTAINER FIELD...: never 0, which would be all processes around us
	local pids
	pids=$(on "$1" podman inspect -f "${*:3}" "$2")
	echo "$pids"
	[[ " $pids " =~ ^(\ [1-9][0-9]*)+\ $ ]]
}

# call GUEST METHOD JSON: prints the answer and its status; waits for $patience seconds.
call() {
	on "$1" curl -s -m "${patience:-60}" -w ' %{http_code}' --unix-socket /run/docker/plugins/rbdvol.sock \
		-d "$3" "http://d/VolumeDriver.$2"
}

left() { # GUEST: what is mapped and mounted
	on "$1" --sh 'echo $(ls /sys/bus/rbd/devices) $(grep -o "/run/rbdvol/mounts/[^ ]*" /proc/self/mountinfo)'
}

left_at_last() { # GUEST
	wait_for 60 nothing_left "$1" >&2
	left "$1"
}

nothing_left() { # GUEST
	[[ ! $(left "$1") ]]
}

removed() { # VOLUME
	local all
	all=$(rbd ls $pool) && [[ $all != *$1* ]]
}

cleanup() {
	local guest
	for guest in a b; do
		[[ $tap_failures == 0 ]] ||
			on $guest bash -c "$(declare -f where_it_crashed)
				tail -n 30 /var/log/rbdvold.log; dmesg | tail -n 15; where_it_crashed" |
				sed "s/^/# $guest: /"
		on $guest --sh 'podman rm -fa -t 0; umount /run/rbdvol/mounts/* /var/lib/containers
			for d in /sys/bus/rbd/devices/*; do [ ! -e $d ] || rbd unmap /dev/rbd${d##*/}; done
			rm -rf /run/rbdvol/names /run/rbdvol/users /etc/rbdvol/rbdvol.conf' >/dev/null 2>&1
		serve_no_more $guest
	done
	pool_over $pool
}
trap cleanup EXIT

pool_create $pool
prepare a &
prepare b &
wait

# --- one host ---
ok "an empty volume is created" again a podman volume create --driver rbdvol -o size=64M golden
ok "a container writes into it" again a pod --rm -v golden:/data box sh -c 'echo golden >/data/motd'
is "nothing is left mapped or mounted" "$(left_at_last a)" ""
ok "a clone is created" again a podman volume create --driver rbdvol -o from=golden -o size=128M data
is "a container reads golden's file in it" "$(again a pod --rm -v data:/data box cat /data/motd)" golden
ok "created again by the other host" again b podman volume create --driver rbdvol -o from=golden -o size=128M data
like "with other options it is not" \
	"$(again b podman volume create --driver rbdvol -o from=golden -o size=1G data 2>&1)" 'with other options: from=golden size=128M|already exists'
like "a bad option is refused with the reason" \
	"$(again a podman volume create --driver rbdvol -o size=1G -o mount-options=loop bad 2>&1)" "'loop' is not among the mount options"

# --- one container after the other, on two hosts ---
ok "a container that stays" again a pod -d --replace --name keeper -v data:/data box sh -c 'echo a >/data/mark; sync; exec sleep 1000'
like "the other host is refused, and told who has it" \
	"$(again b pod --rm -v data:/data box cat /data/mark 2>&1)" 'held by host guest-a'
ok "a second container on the same host" again a pod --rm -v data:/data box cat /data/mark
like "whose end leaves the first its volume" "$(left a)" 'mounts/pod%2Fdata'
on a --sh 'kill -9 $(cat /run/rbdvold.pid)'
is "the daemon is killed; the container goes on" "$(on a podman exec keeper cat /data/mark)" a
start_daemon a
ok "and is stopped under the next daemon" again a podman stop -t 0 keeper
is "which lets go of the volume" "$(left_at_last a)" ""
is "so it moves, with its data" "$(again b pod --rm -v data:/data box cat /data/mark)" a

# --- an end that takes longer than the runtime waits ---
again a pod -d --replace --name slow -v data:/data box sh -c 'echo late >/data/late; sleep 1000' >/dev/null
ok "its file is there" wait_for 60 on a podman exec slow cat /data/late
"$tap_tools/cluster" kill osd
ok "a container stops while no OSD is there" on a podman stop -t 0 slow
"$tap_tools/cluster" revive osd
is "the next has the volume, with what was written" "$(again a pod --rm -v data:/data box cat /data/late)" late
is "and lets go of it" "$(left_at_last a)" ""
on a podman rm slow >/dev/null

# --- containers that die ---
again a pod -d --replace --name victim -v data:/data box sleep 1000 >/dev/null || bail_out "no victim"
victim=$(pids a victim '{{.State.Pid}}') ||
	bail_out "no victim: pid '$victim', $(on a podman inspect -f '{{json .State}}' victim)"
on a --sh "kill -9 $victim"
is "a container that was killed lets go of its volume" "$(left_at_last a)" ""
again a podman start victim >/dev/null
victim=$(pids a victim '{{.State.ConmonPid}} {{.State.Pid}}') || bail_out "no victim: pids '$victim'"
on a --sh "kill -9 $victim"
ok "one that was killed with its monitor, when it is removed" on a podman rm -f -t 0 victim
is "nothing is left" "$(left_at_last a)" ""

# --- both at once, where that is fine ---
ok "a volume for reading" again a podman volume create --driver rbdvol -o from=golden -o read-only=yes shelf
again b podman volume create --driver rbdvol -o from=golden -o read-only=yes shelf >/dev/null
again a pod -d --replace --name reader -v shelf:/data box sleep 1000 >/dev/null
is "is read on both hosts at once" "$(again b pod --rm -v shelf:/data box cat /data/motd)$(on a podman exec reader cat /data/motd)" goldengolden

ok "a volume that is shared" again a podman volume create --driver rbdvol -o from=golden -o shared=yes both
again b podman volume create --driver rbdvol -o from=golden -o shared=yes both >/dev/null
ok "is written by who has it first" again a pod -d --replace --name first -v both:/data box sh -c 'echo a >/data/mark; sync; exec sleep 1000'
is "and read by the other" "$(again b pod --rm -v both:/data box cat /data/motd)" golden
like "who cannot write it" "$(again b pod --rm -v both:/data box sh -c 'echo b >/data/mark' 2>&1)" 'Read-only file system'
on a podman rm -f -t 0 first >/dev/null
left_at_last a >/dev/null
ok "until it is his alone" again b pod --rm -v both:/data box sh -c 'echo b >/data/mark; sync'
left_at_last b >/dev/null
is "and has all that was written" "$(again a pod --rm -v both:/data box cat /data/mark)" b

# --- compose; play kube is in dockerd.sh, as pods want systemd ---
again a podman volume create --driver rbdvol -o from=golden kube >/dev/null
again b podman volume create --driver rbdvol kube >/dev/null
on b mkdir /tmp/shop
"$tap_tools/guest" --name b run --sh 'cat >/tmp/shop/compose.yaml' <<END
services:
  web:
    image: localhost/box
    command: sleep 1000
    volumes: ["data:/data"]
volumes:
  data:
    external: true
    name: kube
END
ok "a project of podman-compose with an external volume" again b podman-compose --podman-path /usr/local/bin/podman-compose-podman -f /tmp/shop/compose.yaml up -d
is "has it" "$(on b podman exec shop_web_1 cat /data/motd)" golden
ok "and lets it go" on b podman-compose --podman-path /usr/local/bin/podman-compose-podman -f /tmp/shop/compose.yaml down -t 0
is "for good" "$(left_at_last b)" ""

# --- the cluster is away ---
again a pod -d --replace --name keeper -v data:/data box sleep 1000 >/dev/null
"$tap_tools/guest" --name a net down
patience=3
like "Get of what is mounted answers at once" "$(call a Get '{"Name":"data"}')" '"Mountpoint":"/run/rbdvol/mounts/.* 200$'
like "so does Path" "$(call a Path '{"Name":"data"}')" '"Mountpoint":"/run/rbdvol/mounts/.* 200$'
like "and List" "$(call a List '{}')" '"Name":"data".* 200$'
patience=30
create='{"Name":"late","Opts":{"size":"32M"}}'
like "what takes longer than podman would wait goes on" "$(call a Create "$create")" 'still running: job.* 500$'
wait_for 120 on a --sh "rbdvol jobs --json | jq -e '[.jobs[] | select(.state == \"running\")] == []'" >&2
"$tap_tools/guest" --name a net up
like "and the next call is told how it ended" "$(call a Create "$create")" 'the attempt before: .* 500$'
created() { [[ $(call a Create "$create") == *' 200' ]]; }
patience=60
ok "before all is well again" wait_for 120 created
ok "the container never noticed" on a podman exec keeper cat /data/mark

# --- the end ---
on a podman rm -f -t 0 reader keeper >/dev/null 2>&1
call a Remove '{"Name":"late"}' >/dev/null
for volume in shelf both kube data golden; do
	said=$(on a podman volume rm $volume 2>&1)
	like "volume $volume is removed" "$said" "^$volume\$|still running"
	wait_for 60 removed $volume
done
is "from the cluster too" "$(rbd ls $pool)" ""
is "and nothing is left on this host" "$(left_at_last a)" ""
is "nor on the other" "$(left_at_last b)" ""
done_testing
