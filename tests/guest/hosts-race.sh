#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Two hosts want one volume at the same moment, again and again: each time exactly one gets it. The
# same beside a plain 'rbd map', which asks nobody: it is seen, or comes after. A pool of its own.
#
# Usage: hosts-race.sh [ROUNDS]: by default 4.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a b

rounds=${1:-4}
pool=race
vol=$pool/vol
share=/mnt/share/$pool
logs=$(mktemp -d)

cleanup() {
	local guest
	for guest in a b; do
		leave "$guest"
	done
	on a rm -rf "$share"
	rm -rf "$logs"
	pool_over "$pool"
}
trap cleanup EXIT

# A line for each round in $logs/GUEST: the status of its attempt, the host that then holds the
# volume, how many devices of it are there.
racer() { # GUEST OTHER COMMAND...
	# shellcheck disable=SC2016
	"$tap_tools/guest" --name "$1" run --sh "cat >/tmp/racer && bash /tmp/racer $rounds $share $vol $*" <<-'END' >"$logs/$1"
		rounds=$1 share=$2 vol=$3 me=$4 other=$5
		meet() { # at the same place, for two minutes at most
			touch "$share/$1.$me"
			for ((i = 0; i < 6000; i++)); do
				[[ ! -e $share/$1.$other ]] || return 0
				sleep 0.02
			done
			exit 1
		}
		for ((round = 1; round <= rounds; round++)); do
			meet "$round.start"
			sleep 0.$((RANDOM % 10))
			"${@:6}" "$vol" >/tmp/racer.out 2>&1
			status=$?
			meet "$round.tried"
			echo "$status $(rbdvol show "$vol" --json | jq -r '.held_by.host') $(grep -lsx vol /sys/bus/rbd/devices/*/name | wc -l)"
			meet "$round.seen"
			((status)) || rbdvol detach "$vol" || exit 1
		done
	END
}

# race NAME COMMAND-OF-A: host b attaches.
race() {
	local name=$1 racers=()
	shift
	on a --sh "rm -rf $share; mkdir $share"
	racer a b "$@" &
	racers+=($!)
	racer b a rbdvol attach &
	racers+=($!)
	wait "${racers[0]}"
	is "$name: one host gets to the end" $? 0
	wait "${racers[1]}"
	is "$name: the other, too" $? 0
	is "$name: in all rounds" "$(wc -l <"$logs/a") $(wc -l <"$logs/b")" "$rounds $rounds"
}

pool_create "$pool"
rbd create "$vol" --size 16M
serve a
serve b

race "two attach" rbdvol attach
paste -d ' ' "$logs/a" "$logs/b" | sort | uniq -c | sed 's/^/#/'
is "exactly one has it each time, by hold and by device; the other is told that it is held" \
	"$(paste -d ' ' "$logs/a" "$logs/b" | grep -vx -e '0 guest-a 1 6 guest-a 0' -e '6 guest-b 0 0 guest-b 1')" ""

# What 'rbd map' has by then cannot be taken back: but the attach is refused and leaves nothing, or
# it holds the volume.
race "one attaches, the other maps" rbd device map
paste -d ' ' "$logs/a" "$logs/b" | sort | uniq -c | sed 's/^/#/'
is "the attach is told of the other, and keeps nothing; or it came first, and holds it" \
	"$(paste -d ' ' "$logs/a" "$logs/b" | grep -vx -e '0 null 1 6 null 0' -e '0 guest-b 1 0 guest-b 1')" ""

# Whoever maps it between the look and the hold is seen by the second look.
serve_no_more b
on b --sh 'mkdir /run/failpoints && echo record.before >/run/failpoints/paused'
daemon_command="env RBDVOL_FAILPOINTS=/run/failpoints $top_builddir/tests/guest/rbdvold-failpoints" serve b
on b rbdvol attach "$vol" --timeout 120 >"$logs/attach" 2>&1 &
attach=$!
ok "an attach is in the middle, its device there" on b timeout 60 sh -c \
	'until test -e /sys/bus/rbd/devices/0 && grep -q "^State:.T" "/proc/$(cat /run/rbdvold.pid)/status"; do sleep 0.1; done'
ok "another host maps the volume then" on a rbd device map "$vol"
on b --sh 'kill -CONT "$(cat /run/rbdvold.pid)"'
wait $attach
is "the attach is refused" $? 6
like "and told why" "$(cat "$logs/attach")" 'unknown holder.*10\.99\.0\.11'
is "it has kept nothing" "$(on b --sh "ls /sys/bus/rbd/devices; rbdvol show $vol --json | jq .held_by")" null
ok "the other ends" on a rbdvol detach "$vol"

# --- a host that stands still while it attaches is robbed ---
is_paused='until grep -q "^State:.T" "/proc/$(cat /run/rbdvold.pid)/status"; do sleep 0.1; done'

# robbed_at POINT: host b stands still there, a takes the volume away, b goes on.
robbed_at() {
	on b --sh "rm -f /run/failpoints/seen; echo $1 >/run/failpoints/paused"
	on b rbdvol attach "$vol" --timeout 120 >"$logs/attach" 2>&1 &
	attach=$!
	ok "$1: a host stands still" on b timeout 60 sh -c "$is_paused"
	client=$(on b --sh 'cat /sys/bus/rbd/devices/*/client_addr 2>/dev/null')
	ok "$1: another takes the volume from it" on a rbdvol attach "$vol" --steal --yes
	ok "$1: and writes" on a --sh "echo $1 | dd of=/dev/rbdvol/$vol bs=4k conv=sync oflag=direct status=none"
	[[ -z $client ]] || is "$1: what was mapped there cannot write" \
		"$(on b --sh "echo no | dd of=/dev/rbd0 bs=4k conv=sync oflag=direct status=none 2>/dev/null; echo \$?")" 1
	on b --sh 'kill -CONT "$(cat /run/rbdvold.pid)"'
	wait $attach
	is "$1: the attach is refused" $? 6
	like "$1: and told why" "$(cat "$logs/attach")" 'was taken away.*guest-a'
	is "$1: it has kept nothing" "$(on b --sh "ls /sys/bus/rbd/devices; rbdvol show $vol --json | jq -r .held_by.host")" guest-a
	is "$1: what was written is there" "$(on a --sh "dd if=/dev/rbdvol/$vol bs=4k count=1 iflag=direct status=none | head -n 1")" "$1"
	ok "$1: the other ends" on a rbdvol detach "$vol"
}

robbed_at hold.after
is "robbed before it maps it maps nothing" "$(on b grep -c map.added /run/failpoints/seen)" 0
robbed_at map.key
robbed_at map.added
done_testing
