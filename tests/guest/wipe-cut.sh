#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A wipe that does not come to its end: cancelled, interrupted by Ctrl-C, its daemon killed, its host
# cut off from the cluster. What was done is said, the volume is not attached as if nothing were, and
# the same command completes it. And one that does not begin, since another host has the volume. A pool
# of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a b

pool=wipecut
vol=$pool/vol

cleanup() {
	"$tap_tools/guest" --name a net up
	on b --sh "rbd device unmap $pool/theirs; rbdvol detach $pool/theirs" 2>/dev/null
	serve_no_more a
	serve_no_more b
	ceph config rm osd osd_client_watch_timeout
	pool_over "$pool"
}
trap cleanup EXIT

# Zeros for a volume that would take minutes, on a small part of which the wipe is ended.
begin() { # FILE [ARGUMENT…]: what the command says, then how it ended
	# In the background a shell has its commands ignore Ctrl-C.
	on a --sh "(env --default-signal=INT rbdvol wipe ${*:2}; echo status \$?) >/tmp/$1 2>&1 &
		until rbdvol jobs --json | jq -e '[.jobs[] | select(.state == \"running\" and .verb == \"wipe\")][0].progress > 0' >/dev/null
		do sleep 0.2; ! grep -s status /tmp/$1 || exit 1; done"
}

ended() { # FILE
	on a timeout 120 sh -c "until grep -q ^status /tmp/$1; do sleep 0.2; done; cat /tmp/$1"
}

half_wiped() { # BY WHAT
	refuses "$1: it is not attached as if nothing were" 1 'erased in part.*rbdvol wipe.*completes' \
		on a rbdvol attach $vol
	like "$1: show tells" "$(on a rbdvol show $vol 2>&1)" 'a wipe of it.*interrupted'
	is "$1: in JSON, too" "$(on a rbdvol show $vol --json | jq .wiping)" true
}

unwatched() {
	! rbd status "$vol" | grep -q watcher=
}

size() {
	rbd info $vol --format json | jq .size
}

pool_create "$pool"
# How long the watch of a killed client stands in the way.
ceph config set osd osd_client_watch_timeout 10
rbd create $vol --size 64G
on a --sh 'printf "[rbdvol]\ncluster-timeout = 5\n" >/tmp/rbdvol.conf'
serve a --config /tmp/rbdvol.conf

# --- what another host has ---
serve b
rbd create $pool/golden --size 8M
ok "another host attaches a clone" on b rbdvol attach $pool/theirs --from $pool/golden
refuses "it is not wiped here" 6 'held by host guest-b' on a rbdvol wipe $pool/theirs --algorithm trim
refuses "nor reset" 6 'held by host guest-b' on a rbdvol reset $pool/theirs
ok "it is detached, and mapped without rbdvol" \
	on b --sh "rbdvol detach $pool/theirs && rbd device map $pool/theirs"
refuses "it is not wiped then" 6 'theirs.*10\.99\.0\.12' on a rbdvol wipe $pool/theirs --algorithm trim
refuses "nor reset then" 6 'theirs.*10\.99\.0\.12' on a rbdvol reset $pool/theirs
on b rbd device unmap $pool/theirs

# --- cancelled ---
ok "a wipe is begun" begin cancelled $vol --algorithm zero
like "it is cancelled" "$(on a rbdvol cancel $vol)" "^$vol: wipe '$vol' \([0-9]+ % done\): cancelled$"
like "who asked for it is told, and how far it came" "$(ended cancelled)" \
	'\([0-9]+ % done\): cancelled .what is erased is erased.*status 1'
half_wiped cancelled
refuses "there is nothing more to cancel" 3 "nothing is under way on $vol" on a rbdvol cancel $vol

# Without an object map, and with a snapshot, each of its objects is tried.
rbd create $pool/plain --size 4T --image-feature layering
rbd snap create --no-progress $pool/plain@keeps
ok "a wipe by trim is begun" begin plain $pool/plain --algorithm trim --force
like "it is cancelled, too" "$(on a rbdvol cancel $pool/plain)" '[0-9]+ % done\): cancelled$'
is "its size is as before" "$(rbd info $pool/plain --format json | jq .size)" $((4 << 40))

# --- Ctrl-C ---
ok "a wipe is begun" begin interrupted $vol --algorithm zero
on a pkill -INT -x rbdvol
like "Ctrl-C ends it, too" "$(ended interrupted)" 'interrupted: .*% done\): cancelled.*status 130'
is "it is under way no more" "$(on a rbdvol jobs --json | jq '[.jobs[] | select(.state == "running")] | length')" 0

# --- killed ---
ok "a wipe is begun" begin killed $vol --algorithm zero
# shellcheck disable=SC2016
on a --sh 'kill -9 $(cat /run/rbdvold.pid)'
like "it says that the daemon is gone" "$(ended killed)" "rbdvold's answer.*status 1"
serve a --config /tmp/rbdvol.conf
half_wiped killed

# --- cut off ---
ok "the dead one's watch ends" wait_for 120 unwatched
ok "a wipe is begun" begin cut $vol --algorithm zero --timeout 60
"$tap_tools/guest" --name a net down
began=$SECONDS
like "cut off from the cluster it ends, and says how far it came" "$(ended cut)" \
	"wipe '$vol' \([0-9]+ % done\): the cluster did not answer within 5 s.*status 7"
# 5 s for the zeros, 10 for closing the image (each step of that has 5 s of its own), 5 for the hold.
ok "not long after the cluster's time ($((SECONDS - began)) s)" test $((SECONDS - began)) -le 45
"$tap_tools/guest" --name a net up
ok "with the network back the daemon serves on" wait_for 120 on a rbdvol show $vol
half_wiped "cut off"
is "its size is what it was" "$(size)" $((64 << 30))

ok "a wipe by trim is begun" begin plain-cut $pool/plain --algorithm trim --force --timeout 60
"$tap_tools/guest" --name a net down
like "it is cut off, too" "$(ended plain-cut)" \
	"wipe '$pool/plain' \([0-9]+ % done\): the cluster did not answer within 5 s.*status 7"
"$tap_tools/guest" --name a net up
ok "with the network back the daemon serves on" wait_for 120 on a rbdvol show $vol
like "show tells of it" "$(on a rbdvol show $pool/plain 2>&1)" 'a wipe of it.*interrupted'

# --- completed ---
ok "the same command completes it, by the other algorithm as well" \
	on a rbdvol wipe $vol --algorithm trim --retry 120 --timeout 120
is "its size is as before" "$(size)" $((64 << 30))
is "nothing is left of it in the pool" "$(cluster rados -p $pool ls | grep -c rbd_data)" 0
is "nor a note" "$(rbd image-meta ls $vol 2>/dev/null | grep -c rbdvol.wipe)" 0
ok "it is attached as ever" on a rbdvol attach $vol
ok "and detached" on a rbdvol detach $vol
done_testing
