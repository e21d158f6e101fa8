#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each verb against a cluster whose OSD or monitor stands still or is dead: it ends in its time, and
# says what it waits for, unless it needs nothing of what is missing. rbdvold answers meanwhile, its
# jobs end by themselves, and without a restart of it the same command succeeds once the cluster is
# back.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_cluster "$@"

pool=verbs
seconds=4 # that each command is given
margin=10 # that a busy machine is given
rbdvol=$top_builddir/rbdvol
directory=$(mktemp -d)
export RBDVOL_SOCKET=$directory/api.sock

cleanup() {
	"$tap_tools/cluster" resume mon osd >&2
	"$tap_tools/cluster" revive mon osd >&2
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid"
	pool_over $pool
	rm -rf "$directory"
}
trap cleanup EXIT

# How a command may end with all well, and the command; O is the outage. A delete may have been done
# by the job that went on; doctor has complaints of the machine that this runs on.
commands=(
	"0 create $pool/O-new --from $pool/golden"
	"0 create $pool/O-empty --size 16M"
	"[03] delete $pool/O-delete"
	"0 resize $pool/O-resize 32M"
	"0 snapshot $pool/O-snapshot@s"
	"0 flatten $pool/O-flatten"
	"0 sparsify $pool/O-sparsify"
	"0 reset $pool/O-reset"
	"0 wipe $pool/O-wipe --algorithm zero"
	"0 show $pool/golden"
	"3 show $pool/nothing"
	"3 show nopool/nothing"
	"0 list --all --pool $pool"
	"0 prune --dry-run"
	"[01] doctor"
)

run() { # OUTAGE NUMBER SECONDS: its $status, and what it $said
	local words
	read -ra words <<<"${commands[$2]//O-/$1-}"
	status=0
	said=$(timeout 60 "$rbdvol" --timeout "$3" "${words[@]:1}" 2>&1 </dev/null) || status=$?
}

# In the background: how it ended, after how long, what it said.
begin() { # OUTAGE NUMBER
	local began=$SECONDS
	run "$1" "$2" $seconds
	printf '%s %s %s\n' "$status" $((SECONDS - began)) "$said" >"$directory/$1.$2"
}

ended() { # OUTAGE NUMBER HOW: in its time, well or with what it waits for
	local took text
	read -r status took text <"$directory/$1.$2"
	[[ $took -le $((seconds + margin)) ]] || { echo "after $took s"; return 1; }
	# shellcheck disable=SC2053 # a pattern
	[[ $status == $3 ]] || { echo "with $status: $text"; return 1; }
	[[ $status != 7 || $text =~ 'still running: job '[0-9]+', '(in|waiting for job)' '.*' for '[0-9]+' s'|'did not answer within 6 s'|'answered within 6 s: '.*10\.99 ]] ||
		{ echo "says $text"; return 1; }
}

back() { # OUTAGE NUMBER: as it shall be with all well
	run "$1" "$2" 30
	# shellcheck disable=SC2053 # a pattern
	[[ $status == ${commands[$2]%% *} ]] || { echo "$status: $said"; return 1; }
}

at_rest() {
	[[ $("$rbdvol" jobs --json | jq '[.jobs[] | select(.state == "running" or .state == "queued")] | length') == 0 ]]
}

# outage NAME DAEMON BEGIN END HOW: the lab's commands; how a command ends meanwhile.
outage() {
	local name=$1 i verb running=()
	for verb in delete resize snapshot flatten sparsify reset wipe; do
		"$rbdvol" create "$pool/$name-$verb" --from $pool/golden >&2
	done
	"$tap_tools/cluster" "$3" "$2" >&2
	for i in "${!commands[@]}"; do
		begin "$name" "$i" &
		running+=($!)
	done
	ok "$name: list of what is attached answers" timeout $margin "$rbdvol" list
	ok "$name: jobs does" timeout $margin "$rbdvol" jobs
	wait "${running[@]}"
	for i in "${!commands[@]}"; do
		ok "$name: ${commands[$i]#* }" ended "$name" "$i" "$5"
	done
	# An OSD that is alone and stood still for 16 s does not serve again by itself (its lease to be
	# read has ended, and nobody renews it): so it is not waited for.
	[[ $name == paused-osd ]] || ok "$name: no job goes on for ever" wait_for 90 at_rest
	"$tap_tools/cluster" "$4" "$2" >&2
	for i in "${!commands[@]}"; do
		ok "$name, then back: ${commands[$i]#* }" wait_for 60 back "$name" "$i"
	done
}

pool_create $pool
printf '[rbdvol]\ncluster-timeout = 6\n' >"$directory/rbdvol.conf"
"$top_builddir/rbdvold" --foreground --config "$directory/rbdvol.conf" >"$directory/log" 2>&1 &
daemon_pid=$!
wait_for 60 "$rbdvol" list
ok "a golden image, as long as all is well" "$rbdvol" create $pool/golden --size 16M
# That there is no such pool is the monitor's word, the rest the OSD's.
outage paused-osd osd pause resume '[37]'
outage dead-osd osd kill revive '[37]'
outage paused-mon mon pause resume '[07]'
outage dead-mon mon kill revive '[07]'
done_testing
