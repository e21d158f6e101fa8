#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No room: a pool whose quota is used up, then a cluster that is full. What needs room fails at once and
# says so, what needs none goes on, and what is deleted makes room. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a

pool=full

cleanup() {
	ratios 0.85 0.90 0.95
	ceph osd pool set-quota $pool max_objects 0 >&2
	leave a
	pool_over "$pool"
}
trap cleanup EXIT

# The OSDs take the largest of the three for what 'full' says.
ratios() { # NEARFULL BACKFILLFULL FULL
	ceph osd set-nearfull-ratio "$1" >&2
	ceph osd set-backfillfull-ratio "$2" >&2
	ceph osd set-full-ratio "$3" >&2
}

# The monitor and the OSDs, which learn it a little later, call the pool full: three times in a row.
is_full() {
	for _ in 1 2 3; do
		! on a rbdvol create $pool/probe --size 1M || { on a rbdvol delete $pool/probe; return 1; }
		! on a rbdvol snapshot $pool/used@probe || { rbd snap rm $pool/used@probe; return 1; }
	done
}

has_room() {
	on a rbdvol create $pool/probe --size 1M && on a rbdvol delete $pool/probe
}

# What is asked of a full pool.
ask() { # WORD
	local old=$pool/old-$1 new=$pool/new-$1 room='quota is used up|cluster is full'
	refuses "$1: an empty volume" 10 "$room" on a rbdvol create "$new" --size 64M
	refuses "$1: a snapshot, which would be a broken one" 10 "$room" on a rbdvol snapshot $pool/golden@s
	refuses "$1: a clone that needs a snapshot" 10 "$room" on a rbdvol attach "$new" --from $pool/written
	refuses "$1: one that needs none" 10 "$room" on a rbdvol attach "$new" --from $pool/golden
	refuses "$1: a wipe by zeros" 10 "$room" on a rbdvol wipe $pool/sparse --algorithm zero
	refuses "$1: an attach for writing" 10 'the pool is full' on a rbdvol attach $pool/golden
	ok "$1: one for reading needs no room" on a rbdvol attach $pool/golden --read-only
	ok "$1: nor does its end" on a rbdvol detach $pool/golden
	is "$1: a write to what is attached fails, and does not hang" \
		"$(on a --sh "dd if=/dev/zero of=/dev/rbdvol/$pool/used bs=64k count=1 seek=64 oflag=direct 2>/dev/null; echo \$?")" 1
	ok "$1: a volume is deleted" on a rbdvol delete "$old"
	is "$1: nothing is left of what failed" "$(rbd ls $pool | grep -e new-"$1" -e old-"$1"; on a rbdvol prune --dry-run)" ""
	is "$1: no broken snapshot is" "$(rbd snap ls $pool/written; rbd info $pool/golden@"$snapshot" | grep invalid)" ""
}

pool_create "$pool"
rbd create $pool/sparse --size 64M
head -c 8M /dev/urandom >"$RBDVOL_LAB/share/content"
for image in golden written old-quota old-cluster; do
	rbd import --no-progress "$RBDVOL_LAB/share/content" $pool/$image
done
serve a
on a --sh "rbdvol create $pool/used --size 64M; rbdvol attach $pool/used"
# The pool's first deletion makes its list of them, which needs room.
on a --sh "rbdvol create $pool/clone --from $pool/golden; rbdvol create $pool/gone --size 1M; rbdvol delete $pool/gone"
snapshot=$(rbd snap ls $pool/golden --format json | jq -r '.[0].name')

ceph osd pool set-quota $pool max_objects 1 >&2
wait_for 120 is_full || bail_out "the pool does not become full"
ask quota
ceph osd pool set-quota $pool max_objects 0 >&2
wait_for 120 has_room || bail_out "the pool stays full"
ok "with room again a clone is made" on a rbdvol create $pool/new-quota --from $pool/golden

ratios 0.00001 0.00002 0.00003
wait_for 120 is_full || bail_out "the cluster does not become full"
ask cluster
ratios 0.85 0.90 0.95
wait_for 120 has_room || bail_out "the cluster stays full"
ok "with room again a volume is made" on a rbdvol create $pool/new-cluster --size 64M
ok "and a snapshot taken" on a rbdvol snapshot $pool/golden@s
done_testing
