#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A cluster that does not answer: each request ends in its time with what is waited for, the daemon
# answers everybody else, ends when it is told to, and goes on by itself once the cluster is back.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_cluster "$@"

pool=outage
rbdvol=$top_builddir/rbdvol
directory=$(mktemp -d)
export RBDVOL_SOCKET=$directory/api.sock

cleanup() {
	"$tap_tools/cluster" resume mon osd >&2
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	pool_over $pool
	pool_over ${pool}0
	ceph osd pool application disable rbd rgw --yes-i-really-mean-it 2>/dev/null
	ceph osd pool application enable rbd rbd 2>/dev/null
	ceph auth rm client.passing 2>/dev/null
	rm -rf "$directory"
}
trap cleanup EXIT

start() { # OPTION...
	"$top_builddir/rbdvold" --foreground --config "$directory/rbdvol.conf" >>"$directory/log" 2>&1 &
	daemon_pid=$!
	for _ in {1..100}; do
		"$rbdvol" list >/dev/null 2>&1 && return
		sleep 0.1
	done
	bail_out "rbdvold does not serve: $(cat "$directory/log")"
}

stop() { # takes $took seconds
	local began=$SECONDS
	kill "$daemon_pid"
	wait "$daemon_pid"
	took=$((SECONDS - began))
}

# in_time DESCRIPTION SECONDS STATUS REGEX COMMAND...: refuses, and within the time.
in_time() {
	local description=$1 seconds=$2 status=$3 regex=$4 began=$SECONDS
	shift 4
	refuses "$description" "$status" "$regex" "$@"
	ok "in time ($((SECONDS - began)) s)" test $((SECONDS - began)) -le "$seconds"
}

# A command, and Ctrl-C after a second: its $status, and what it $said.
interrupt() { # COMMAND...
	status=0
	said=$(timeout --foreground --preserve-status --signal INT 1 env --default-signal=INT "$@" 2>&1) || status=$?
}

# A second Ctrl-C as soon as it tells of the first.
interrupt_twice() { # COMMAND...
	local command
	env --default-signal=INT "$@" 2>"$directory/said" &
	command=$!
	sleep 1
	kill -INT $command
	wait_for 5 grep -q interrupted "$directory/said"
	kill -INT $command
	status=0
	wait $command || status=$?
	said=$(<"$directory/said")
}

pause() {
	"$tap_tools/cluster" pause "$@" >&2
}

resume() {
	"$tap_tools/cluster" resume "$@" >&2
}

# An OSD that stood still for longer than its lease of the placement groups (16 s) may find itself without
# it, and where no other OSD is there to renew it with, it waits for ever (seen with 16.2.15): it is started anew.
restart() {
	"$tap_tools/cluster" kill "$@" >&2
	"$tap_tools/cluster" revive "$@" >&2
}

again() { # COMMAND...: until it succeeds, for half a minute
	for _ in {1..30}; do
		"$@" >/dev/null 2>&1 && return
		sleep 1
	done
	"$@"
}

ceph osd pool create ${pool}0 8 >&2 # without an application
# The lab's own pool, which would be asked first, is another's meanwhile.
ceph osd pool application disable rbd rbd --yes-i-really-mean-it 2>/dev/null
ceph osd pool application enable rbd rgw 2>/dev/null
pool_create $pool
printf '[rbdvol]\ncluster-timeout = 8\n' >"$directory/rbdvol.conf"
start
ok "a volume, as long as all is well" "$rbdvol" create $pool/golden --size 16M
"$rbdvol" create $pool/clone --from $pool/golden 2>/dev/null

# --- the OSD stands still ---
pause osd
in_time "no OSD: the step that waits is named" 5 7 'still running: job [0-9]+, in clone for [23] s' \
	"$rbdvol" create $pool/web --from $pool/golden --timeout 2
ok "the daemon answers others meanwhile" timeout 2 "$rbdvol" list
like "and tells the job" "$(timeout 2 "$rbdvol" jobs)" "create +$pool/web +clone"
interrupt "$rbdvol" create $pool/interrupted --from $pool/golden
is "Ctrl-C ends the command by its signal, at once" "$status" 130
like "which says that its job goes on" "$said" "interrupted; job ([0-9]+) goes on .see 'rbdvol jobs'.$"
like "and it does" "$(timeout 2 "$rbdvol" jobs)" "${BASH_REMATCH[1]-no} +create +$pool/interrupted +[a-z]+ .*running"
interrupt "$rbdvol" flatten $pool/clone
is "so it does where the job is to end, too" "$status" 130
like "which says that it has not yet" "$said" \
	'interrupted: ending job ([0-9]+).*job [0-9]+ shall end, but has not yet: in flatten'
interrupt_twice "$rbdvol" flatten $pool/clone
is "a second Ctrl-C does not wait for that" "$status $(grep -c interrupted <<<"$said") $(grep -c 'not yet' <<<"$said")" "130 1 0"
in_time "the cluster's own time ends it, with what to look at" 20 7 'did not answer within 8 s.*ceph -s' \
	"$rbdvol" show $pool/golden --timeout 18
"$rbdvol" create $pool/other --size 16M --timeout 1 2>/dev/null
stop
ok "SIGTERM ends it even now ($took s)" test "$took" -le 9
# What only looks ends within the times that are usual, too.
mv "$directory/rbdvol.conf" "$directory/short.conf"
echo '[rbdvol]' >"$directory/rbdvol.conf"
start
in_time "list --all ends before who asks stops waiting" 25 7 'did not answer within 10 s' "$rbdvol" list --all --pool $pool
in_time "also where it is not known whether a pool is of rbd" 25 7 "list the images of pool '${pool}0'.*did not answer within 10 s" \
	"$rbdvol" list --all
in_time "so does tree" 25 7 'did not answer within 10 s' "$rbdvol" tree $pool/golden
began=$SECONDS
said=$("$rbdvol" doctor --pool $pool 2>&1)
like "the doctor tells of the cluster among what it finds" "$said" 'kernel.*answers client\.admin.*did not answer within 10 s'
ok "and of all in time ($((SECONDS - began)) s)" test $((SECONDS - began)) -le 25
stop
mv "$directory/short.conf" "$directory/rbdvol.conf"
start
restart osd
ok "once it is back, all goes on" again "$rbdvol" create $pool/web --from $pool/golden
ok "and is whole" rbd export --no-progress $pool/web "$directory/export"

# --- the monitor stands still ---
pause mon
in_time "no monitor: a snapshot needs it" 14 7 'did not answer within 8 s|still running.*in snapshot' \
	"$rbdvol" snapshot $pool/web@s --timeout 12
stop
start
in_time "a daemon that has no connection yet names the monitor" 5 7 'connect to .*10\.99\.0\.1' \
	"$rbdvol" create $pool/late --size 16M --timeout 2
ok "and answers others" timeout 2 "$rbdvol" list
interrupt "$rbdvol" create $pool/late --size 16M
is "Ctrl-C works here, too" "$status" 130
resume mon
ok "without a restart it connects" again "$rbdvol" create $pool/late --size 16M
ok "and takes the snapshot" again "$rbdvol" snapshot $pool/web@s

# --- full ---
ceph osd pool set-quota $pool max_objects 1 >&2
for _ in {1..40}; do
	ceph osd pool ls detail --format json | jq -e ".[] | select(.pool_name == \"$pool\") | .flags_names | contains(\"full_quota\")" >/dev/null && break
	sleep 0.5
done
in_time "a full pool" 20 10 'quota is used up' \
	"$rbdvol" create $pool/toomuch --size 16M --timeout 18
ceph osd pool set-quota $pool max_objects 0 >&2
ok "with room again it goes on" again "$rbdvol" create $pool/toomuch --size 16M

# --- the key is revoked, the pool deleted ---
ceph auth get-or-create client.passing mon 'profile rbd' osd 'profile rbd' >/dev/null
ceph auth get client.passing >"$directory/passing" 2>/dev/null
stop
printf '[rbdvol]\ncluster-timeout = 8\nuser = passing\nkeyring = %s\n' "$directory/passing" >"$directory/rbdvol.conf"
ceph auth rm client.passing 2>/dev/null
start
in_time "a key that was revoked" 12 8 'refuses client.passing' "$rbdvol" show $pool/web
ceph auth import -i "$directory/passing" 2>/dev/null
ok "once it is back it is taken" again "$rbdvol" show $pool/web
pool_delete $pool
in_time "a pool that was deleted" 12 3 "no pool '$pool'" "$rbdvol" show $pool/web
pool_create $pool
ok "and one that was made anew" again "$rbdvol" create $pool/golden --size 16M
done_testing
