#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Three hosts attach, write, steal and detach few volumes, at random. Each volume is a log: a host
# that has it reads how many marks there are, writes its own behind them, reads that back, then writes
# the new number. A mark that was written to its end must be there in the end, at a place that no other host was told was
# its own: two writers at once, or a write that comes after a theft, would break that. Meanwhile hosts
# get other names, their daemons stand still for a while, volumes are mapped by 'rbd map' before they are
# attached, and clients are blocklisted by hand.
#
# Usage: hosts-random.sh [ROUNDS [SEED]]: rounds of each host, by default 20; `make soak` does 200.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a b c

rounds=${1:-20}
seed=${2:-$((RANDOM * 32768 + RANDOM))}
pool=random
guests=(a b c)
volumes=(one two)
echo "# $rounds rounds with seed $seed; again with: $0 $rounds $seed"

cleanup() {
	local guest
	for guest in "${guests[@]}"; do
		leave "$guest"
	done
	pool_over "$pool"
}
trap cleanup EXIT

worker() { # GUEST ROUNDS SEED: runs there
	# shellcheck disable=SC2016
	"$tap_tools/guest" --name "$1" run --sh "cat >/tmp/worker && bash /tmp/worker $1 $2 $3" <<-'END'
		RANDOM=$3
		volumes=(one two)
		block() { dd if="$1" bs=4k skip="$2" count=1 iflag=direct status=none | head -n 1 | tr -d '\0'; }
		put() { printf '%s\n' "$3" | dd of="$1" bs=4k seek="$2" conv=sync,notrunc oflag=direct status=none 2>/dev/null; }
		stands_still() { # SECONDS
			local pid
			pid=$(cat /run/rbdvold.pid)
			kill -STOP "$pid"
			sleep "$1"
			kill -CONT "$pid"
		}
		# Blocklist the device's client; refused then until it is detached. A thief may be faster.
		blocklist() { # VOLUME
			local client status
			client=$(rbdvol show "$1" --json 2>/dev/null | jq -r '.client_address // empty')
			[[ $client ]] && ceph osd blocklist add "$client" 600 >/dev/null 2>&1 || return
			rbdvol attach "$1" >/dev/null 2>/tmp/worker.err
			status=$?
			echo "blocklisted $1"
			[[ $status == [56] ]] || echo "failed $1 attach of a dead device with $status: $(tr '\n' ' ' </tmp/worker.err)"
		}
		for ((round = 1; round <= $2; round++)); do
			volume=random/${volumes[RANDOM % ${#volumes[@]}]}
			steal=()
			mapped=''
			((RANDOM % 4)) || steal=(--steal --yes)
			((RANDOM % 6)) || hostname "host-$1-$round"
			((RANDOM % 5)) || stands_still 0.$((RANDOM % 10)) &
			if ! ((RANDOM % 6)); then
				mapped=$(rbd device map "$volume" 2>/dev/null) && echo "mapped $volume"
			fi
			device=$(rbdvol attach "$volume" "${steal[@]}" 2>/tmp/worker.err)
			status=$?
			case $status in
			0) ;;
			6) echo "refused $volume"; sleep 0.$((RANDOM % 5)); [[ -z $mapped ]] || rbdvol detach "$mapped" >/dev/null 2>&1; continue ;;
			5) # what was mapped by 'rbd map' was taken as an unknown holder's
				echo "refused $volume"
				[[ $mapped ]] && grep -q blocklisted /tmp/worker.err || echo "failed $volume attach with 5: $(tr '\n' ' ' </tmp/worker.err)"
				[[ -z $mapped ]] || rbdvol detach "$mapped" >/dev/null 2>&1
				continue
				;;
			*) echo "failed $volume attach with $status: $(tr '\n' ' ' </tmp/worker.err)"; continue ;;
			esac
			((${#steal[@]})) && echo "attached $volume, might steal" || echo "attached $volume"
			for ((i = RANDOM % 3; i >= 0; i--)); do
				if ! n=$(set -o pipefail; block "$device" 0 2>/dev/null); then
					echo "fenced $volume"
					break
				fi
				mark="$1.$round.$i"
				if ! put "$device" $((n + 1)) "$mark" || ! found=$(set -o pipefail; block "$device" $((n + 1)) 2>/dev/null); then
					echo "fenced $volume"
					break
				fi
				[[ $found == "$mark" ]] || echo "failed $volume $((n + 1)): reads '$found' where it has just written $mark"
				if ! put "$device" 0 $((n + 1)); then
					echo "fenced $volume"
					break
				fi
				echo "mark $volume $((n + 1)) $mark"
				sleep 0.$((RANDOM % 4))
			done
			((RANDOM % 8)) || blocklist "$volume"
			rbdvol detach "$volume" 2>/tmp/worker.err || echo "failed $volume detach with $?: $(tr '\n' ' ' </tmp/worker.err)"
		done
		wait
	END
}

pool_create "$pool"
for volume in "${volumes[@]}"; do
	rbd create "$pool/$volume" --size 64M
done
logs=$(mktemp -d)
workers=()
for guest in "${guests[@]}"; do
	serve "$guest"
done
number=0
for guest in "${guests[@]}"; do
	number=$((number + 1))
	worker "$guest" "$rounds" $((seed + number)) >"$logs/$guest" &
	workers+=($!)
done
for number in "${!guests[@]}"; do
	wait "${workers[number]}"
	is "host ${guests[number]} gets to its end" $? 0
done

cat "$logs"/* >"$logs/all"
is "nothing fails but what must" "$(grep ^failed "$logs/all")" ""
ok "volumes were had" grep -q ^attached "$logs/all"
ok "marks were written" grep -q ^mark "$logs/all"
# shellcheck disable=SC2126
echo "# $(grep ^attached "$logs/all" | wc -l) attached, $(grep ^refused "$logs/all" | wc -l) refused," \
	"$(grep ^fenced "$logs/all" | wc -l) fenced, $(grep ^mapped "$logs/all" | wc -l) mapped," \
	"$(grep ^blocklisted "$logs/all" | wc -l) blocklisted, $(grep ^mark "$logs/all" | wc -l) marks"
is "no place is two hosts'" "$(awk '/^mark/ { print $2, $3 }' "$logs/all" | sort | uniq -d)" ""
lost=''
for volume in "${volumes[@]}"; do
	rbd export "$pool/$volume" - --no-progress >"$logs/$volume"
	while read -r _ _ place mark; do
		found=$(dd if="$logs/$volume" bs=4k skip="$place" count=1 status=none | head -n 1 | tr -d '\0')
		[[ $found == "$mark" ]] || lost+="$volume $place: '$found' instead of '$mark'; "
	done < <(grep "^mark $pool/$volume " "$logs/all")
	last=$(awk -v "v=$pool/$volume" '/^mark/ && $2 == v && $3 > n { n = $3 } END { print n + 0 }' "$logs/all")
	n=$(dd if="$logs/$volume" bs=4k count=1 status=none | head -n 1 | tr -d '\0')
	[[ ${n:-0} -ge $last ]] || lost+="$volume: the number is $n, but $last was written; "
done
is "no mark is lost" "$lost" ""
rm -rf "$logs"
done_testing
