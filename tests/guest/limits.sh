#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The limits of the kernel's rbd driver, each played up to its last good value with a real kernel, and
# refused at the next: snapshots of an image and of its ancestors, the length of a chain of clones, the
# length of a snapshot's name. Beyond them the kernel hangs, so that a failure shows as a timeout.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=limits

cleanup() {
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	ceph config rm mon paxos_propose_interval >&2
	ceph config rm mon paxos_min_wait >&2
	pool_over "$pool"
}
trap cleanup EXIT

# Snapshots FIRST to LAST of an image, each made by librbd.
snapshots() { # IMAGE FIRST LAST
	outside env -C / /usr/bin/python3 -c '
import os, rados, rbd, sys
pool, name, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with rados.Rados(conffile=os.environ["CEPH_CONF"]) as cluster, cluster.open_ioctx(pool) as io, rbd.Image(io, name) as image:
    for i in range(first, last + 1):
        image.create_snap("s%d" % i)
' "$pool" "$@" || bail_out "no snapshots of $1"
}

count() {
	rbd snap ls --all "$1" --format json | jq length
}

# A write that the device has answered.
writes() { # VOLUME
	timeout 60 dd if=/dev/zero of="/dev/rbdvol/$pool/$1" bs=4096 count=1 seek=$((RANDOM % 1000)) \
		oflag=direct conv=notrunc status=none
}

exists() {
	rbd info "$1" >/dev/null 2>&1 && echo yes || echo no
}

pool_create $pool
# A snapshot is a round trip to the monitors, which take their time by default.
ceph config set mon paxos_propose_interval 0.01
ceph config set mon paxos_min_wait 0.01
daemon_start

# --- snapshots ---
rbd create --size 16M --image-feature layering $pool/golden
rbd create --size 16M $pool/other
snapshots golden 1 449
is "far from the limit nothing is said" "$(rbdvol attach $pool/golden 2>&1)" "/dev/rbdvol/$pool/golden"
rbdvol detach $pool/golden
snapshots golden 450 450
said=$(rbdvol attach $pool/golden 2>&1)
like "with 450 snapshots attach warns" "$said" "note: $pool/golden has 450 snapshots, .* more than 510"
like "and says what to remove" "$said" 'remove some; 450 were taken by name, the oldest are s1, s2, s3: .rbdvol delete'
like "snapshot does, too" "$(rbdvol snapshot $pool/golden@s451 2>&1)" 'note: .* has 450 snapshots'
said=$(rbdvol create $pool/early --from $pool/golden 2>&1)
like "and so does a clone, once" "$said" 'note: .* has 451 snapshots'
is "indeed once" "$(grep -c 'has 451 snapshots' <<<"$said")" 1
snapshots golden 452 508
ok "the device is written to" writes golden
ok "the 509th" rbdvol snapshot $pool/golden@s509
ok "the 510th snapshot is taken" rbdvol snapshot $pool/golden@s510
is "it is the 510th" "$(count $pool/golden)" 510
ok "the device works" writes golden
refuses "the 511th is not" 9 "$pool/golden has 510 snapshots, and cannot get another: .*remove some; 510" \
	rbdvol snapshot $pool/golden@s511
is "it is not there" "$(count $pool/golden)" 510
ok "and the device works" writes golden
refuses "a clone that would need it is refused" 9 "$pool/golden has 510 snapshots, and cannot get another" \
	rbdvol attach $pool/late --from $pool/golden
is "and nothing is left of it" "$(count $pool/golden) $(exists $pool/late)" "510 no"
ok "one of a snapshot that is there is not" rbdvol attach $pool/late --from $pool/golden@s510
ok "its device works" writes late
ok "it is detached" rbdvol detach $pool/late
ok "and so is golden" rbdvol detach $pool/golden
ok "with 510 it is attached again" rbdvol attach $pool/golden
ok "and the device works" writes golden
rbdvol detach $pool/golden

# Another client takes one too many.
snapshots golden 511 511
refuses "with 511 it is not attached" 9 "$pool/golden has 511 snapshots: .*hangs.*remove some" \
	timeout 60 rbdvol attach $pool/golden
is "nor held" "$(rbdvol show $pool/golden --json | jq .held_by)" null
refuses "nor for reading" 9 "has 511 snapshots" timeout 60 rbdvol attach $pool/golden --read-only
refuses "nor is a clone of it" 9 "$pool/golden has 511 snapshots" timeout 60 rbdvol attach $pool/late
refuses "nor is one made" 9 "$pool/golden has 511 snapshots" rbdvol create $pool/later --from $pool/golden@s510
is "indeed" "$(exists $pool/later)" no
rbd snap rm --no-progress $pool/golden@s511
ok "with one less it is" rbdvol attach $pool/golden
ok "and the clone" rbdvol attach $pool/late
rbdvol detach $pool/late $pool/golden

# A snapshot that is removed while it has a clone counts as long as the clone lives.
rbdvol detach $pool/late 2>/dev/null
rbd snap rm --no-progress $pool/golden@s510
is "a removed snapshot counts" "$(count $pool/golden)" 510
refuses "as before" 9 '509 were taken by name.*1 are of groups' rbdvol snapshot $pool/golden@again
rbdvol delete $pool/late
ok "until its clone is gone" rbdvol snapshot $pool/golden@again

# --- ancestors ---
rbd create --size 8M $pool/a0
for i in {1..16}; do
	rbdvol create "$pool/a$i" --from "$pool/a$((i - 1))" 2>/dev/null
done
is "a chain of 16 ancestors is made" "$(exists $pool/a16)" yes
ok "and attached" rbdvol attach $pool/a16
ok "and works" writes a16
refuses "a clone of it is not" 9 "more than 16 ancestors.*rbdvol flatten" rbdvol attach $pool/a17 --from $pool/a16
refuses "nor by create" 9 "more than 16 ancestors" rbdvol create $pool/a17 --from $pool/a16
is "and nothing is left of it" "$(exists $pool/a17) $(count $pool/a16)" "no 0"
rbdvol snapshot $pool/a16@s >/dev/null
rbd clone $pool/a16@s $pool/a17 --rbd-default-clone-format 2
refuses "one that another made is refused before it is held" 9 "more than 16 ancestors" rbdvol attach $pool/a17
is "indeed" "$(rbdvol show $pool/a17 --json | jq .held_by)" null
ok "it is flattened" rbdvol flatten $pool/a17
ok "and attached" rbdvol attach $pool/a17
rbdvol detach $pool/a16 $pool/a17
# A clone that was flattened keeps the note of its parent as long as its snapshots need it.
rbdvol flatten $pool/a8 && rbdvol attach $pool/a17 >/dev/null
ok "a chain that is cut below counts from there" rbdvol attach $pool/a18 --from $pool/a16
rbdvol detach $pool/a17 $pool/a18

# --- names ---
long=$(printf 'n%.0s' {1..250})
rbd snap create --no-progress "$pool/other@$long"
rbd clone "$pool/other@$long" $pool/named --rbd-default-clone-format 2
ok "a clone of a snapshot whose name has 250 bytes" rbdvol attach $pool/named
rbdvol detach $pool/named
rbd snap create --no-progress $pool/other@old
rbd snap create --no-progress "$pool/other@${long}n"
rbd clone "$pool/other@${long}n" $pool/unmappable --rbd-default-clone-format 2
refuses "a clone of a snapshot of a longer name is refused" 9 'has 251 bytes.*rbd snap rename' \
	timeout 60 rbdvol attach $pool/unmappable
refuses "nor is a snapshot mapped that is older than such a one" 9 'has 251 bytes' \
	timeout 60 rbdvol attach $pool/other@old
ok "the image itself is" rbdvol attach $pool/other
rbd snap create --no-progress $pool/other@young
ok "and a younger snapshot" rbdvol attach $pool/other@young
rbd snap rename "$pool/other@${long}n" $pool/other@short
ok "and the clone with a shorter one" rbdvol attach $pool/unmappable
rbdvol detach $pool/other $pool/other@young $pool/unmappable

# --- what the kernel does not map by itself, it maps as a parent ---
rbd create --size 16M --object-size 32M --image-feature layering,exclusive-lock,journaling $pool/journaled
ok "a clone of a journaled image with large objects" rbdvol attach $pool/child --from $pool/journaled
ok "works" writes child
rbdvol detach $pool/child
done_testing
