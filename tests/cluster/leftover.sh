#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a crash for good leaves behind is found by the doctor and removed by prune, and nothing else
# is; and the doctor names the capability that a user lacks.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_cluster "$@"
# shellcheck source=../lab/failpoints.sh
. "$top_srcdir/tests/lab/failpoints.sh"

pool=leftover
rbdvol=$top_builddir/rbdvol
export RBDVOL_SOCKET=$failpoints/api.sock
weak=$failpoints/weak.keyring

cleanup() {
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	pool_delete $pool
	ceph auth rm client.weak 2>/dev/null
	rm -rf "$failpoints"
}
trap cleanup EXIT

die_at() { # POINT COMMAND...
	echo "$1" >"$failpoints/armed"
	shift
	"$@" >/dev/null 2>&1
	wait "$daemon_pid" 2>/dev/null
	deadly_start
}

findings() { # LEVEL: what of the doctor has it
	"$rbdvol" doctor --pool $pool 2>/dev/null | grep "^$1"
}

pool_create $pool
rbd namespace create $pool/team
rbd create --size 16M $pool/golden
rbd create --size 16M $pool/team/golden
deadly_start

like "nothing is left over" "$(findings ok)" 'leftovers: nothing'
is "nor pruned" "$("$rbdvol" prune --pool $pool)" ""
die_at clone.noted "$rbdvol" create $pool/team/lost --from $pool/team/golden
rbd snap create --no-progress $pool/golden@rbdvol-0
rbd snap create --no-progress $pool/golden@theirs
"$rbdvol" create $pool/web --from $pool/golden 2>/dev/null
rbd snap create --no-progress $pool/golden@rbdvol-77
rbd snap protect $pool/golden@rbdvol-77
rbd rename $pool/golden $pool/gold2 && rbd rename $pool/gold2 $pool/golden
used=$(rbd info $pool/web --format json | jq -r .parent.snapshot)

like "the doctor finds an unfinished clone" "$(findings warning)" "unfinished clone: $pool/team/.rbdvol-lost"
like "and an unused snapshot" "$(findings warning)" "unused snapshot: $pool/golden@rbdvol-77"
like "an image may be looked at alone" "$("$rbdvol" prune --dry-run $pool/golden)" \
	"unused snapshot: $pool/golden@rbdvol-77 would be removed"
before=$(rbd ls $pool/team; rbd snap ls $pool/golden --format json)
dry=$("$rbdvol" prune --dry-run --pool $pool)
is "a dry run changes nothing" "$(rbd ls $pool/team; rbd snap ls $pool/golden --format json)" "$before"
is "and tells what prune then does" "${dry//would be/is}" "$("$rbdvol" prune --pool $pool)"
is "the unfinished clone is gone" "$(rbd ls $pool/team)" golden
is "what is used, and what is not ours, stays" \
	"$(rbd snap ls $pool/golden --format json | jq -r '.[].name' | sort | tr '\n' ' ')" \
	"$(printf '%s\n' rbdvol-0 theirs "$used" | sort -u | grep -vx "$([[ $used == rbdvol-0 ]] || echo rbdvol-0)" | tr '\n' ' ')"
is "then there is nothing more" "$("$rbdvol" prune --pool $pool)" ""
refuses "a snapshot is no parent" 2 'not a snapshot' "$rbdvol" prune $pool/golden@theirs
refuses "an image that is not there" '[03]' 'no image' "$rbdvol" show $pool/nothing

# A hidden name may be all that is left of a volume that is whole, and in use.
die_at publish.named "$rbdvol" create $pool/team/named --from $pool/team/golden
"$rbdvol" prune --pool $pool >/dev/null
ok "what has its name already is not pruned" rbd bench --io-type read --io-size 4K --io-total 64K $pool/team/named
is "but completed" "$(rbd ls $pool/team | sort | xargs)" "golden named"
die_at replace.named "$rbdvol" reset $pool/team/named
"$rbdvol" prune --pool $pool >/dev/null
ok "nor what a reset has put in the place of another" rbd bench --io-type read --io-size 4K --io-total 64K $pool/team/named
"$rbdvol" prune --pool $pool >/dev/null
is "the other one is" "$(rbd ls $pool/team | sort | xargs)" "golden named"

ceph auth get-or-create client.weak mon 'allow r' osd "allow r pool=$pool" >"$weak"
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
printf '[rbdvol]\nkeyring = %s\nuser = weak\n' "$weak" >"$failpoints/rbdvol.conf"
RBDVOL_FAILPOINTS='' "$daemon_program" --foreground --config "$failpoints/rbdvol.conf" >>"$failpoints/log" 2>&1 &
daemon_pid=$!
for _ in {1..100}; do
	"$rbdvol" list >/dev/null 2>&1 && break
	sleep 0.1
done
said=$(findings error)
like "a right to write that lacks is named" "$said" \
	"client.weak may not write in pool '$pool' \(ceph auth caps client.weak mon 'profile rbd' osd 'profile rbd pool=$pool'"
like "and the right to shut out" "$said" 'may not shut out a dead owner'
ceph auth caps client.weak mon 'profile rbd' osd "profile rbd pool=$pool" 2>/dev/null
# Capabilities come with a connection.
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
RBDVOL_FAILPOINTS='' "$daemon_program" --foreground --config "$failpoints/rbdvol.conf" >>"$failpoints/log" 2>&1 &
daemon_pid=$!
for _ in {1..100}; do
	"$rbdvol" list >/dev/null 2>&1 && break
	sleep 0.1
done
is "with the line that it gave all is well" "$(findings error | grep -c capabilities)" 0
"$rbdvol" doctor --pool $pool >/dev/null 2>&1
is "a host without the driver is told so, by the exit status too" "$? $(findings error | grep -c '^error *kernel')" "1 1"
done_testing
