#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rbdvold is killed at every point of what it does in the cluster; the same request, given again,
# completes it, and nothing is left over. Beside the cluster, without a kernel that maps.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_cluster "$@"
# shellcheck source=../lab/failpoints.sh
. "$top_srcdir/tests/lab/failpoints.sh"

pool=crash
rbdvol=$top_builddir/rbdvol
export RBDVOL_SOCKET=$failpoints/api.sock

cleanup() {
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	pool_over $pool
	ceph config rm osd osd_client_watch_timeout
	rm -rf "$failpoints"
}
trap cleanup EXIT

pool_create $pool
# How long the watch of a killed client stands in the way.
ceph config set osd osd_client_watch_timeout 10
head -c 8M /dev/urandom >"$failpoints/content"
deadly_start

world() {
	cluster_world
}

golden() {
	rbd import --no-progress --object-size 4M "$failpoints/content" "$space/golden"
}

clone() {
	golden
	"$rbdvol" create "$space/web" --from "$space/golden" 2>/dev/null
}

clone1() {
	golden
	"$rbdvol" create "$space/web" --from "$space/golden" --clone-format 1 2>/dev/null
}

unused1() { # a snapshot of ours that clones of format 1 once had
	clone1
	rbd rm --no-progress "$space/web"
}

nothing() {
	:
}

create_empty() {
	"$rbdvol" create "$space/web" --size 16M
}

create_clone() {
	"$rbdvol" create "$space/web" --from "$space/golden" --size 16M
}

create_clone1() {
	"$rbdvol" create "$space/web" --from "$space/golden" --clone-format 1
}

resize() {
	"$rbdvol" resize "$space/web" 32M
}

snapshot() {
	"$rbdvol" snapshot "$space/web@keep"
}

flatten() {
	"$rbdvol" flatten "$space/web"
}

written() {
	clone
	rbd bench --io-type write --io-size 4K --io-total 16K "$space/web" >/dev/null 2>&1
}

filled() {
	rbd create --size 16M --image-feature layering,exclusive-lock,object-map,fast-diff "$space/web"
	rbd bench --io-type write --io-size 4K --io-total 16K "$space/web" >/dev/null 2>&1
}

reset() {
	"$rbdvol" reset "$space/web"
}

# The watch of the one that was killed is in the way until its time is over, which a blocklist
# shortens (tests/guest/wipe-cut.sh waits for it).
blocklist_watchers() {
	local address
	for address in $(rbd status "$space/web" --format json | jq -r '.watchers[].address'); do
		ceph osd blocklist add "$address" 2>/dev/null
	done
}

wipe() {
	blocklist_watchers
	"$rbdvol" wipe "$space/web" --algorithm "${1-trim}" --retry 120
}

zero() {
	wipe zero
}

prune() {
	"$rbdvol" prune "$space/golden"
}

delete() { # that there is nothing to delete any more is what was asked for
	"$rbdvol" delete "$space/web" || [[ $? == 3 ]]
}

# Of a clone of format 1 the snapshot can go only after the clone has gone, so that the repetition does
# not know of it any more: that is left for prune.
pruned() { # ACT
	"$1" && prune
}

delete1() {
	pruned delete
}

flatten1() {
	pruned flatten
}

snapped() { # with a snapshot, and the same content each time
	clone
	snapshot >/dev/null
}

kept() { # with a snapshot of its own, and written since
	written
	"$rbdvol" snapshot "$space/web@keep" >/dev/null
	rbd bench --io-type write --io-size 4K --io-total 64K --io-pattern rand "$space/web" >/dev/null 2>&1
}

rollback() {
	blocklist_watchers
	"$rbdvol" rollback "$space/web@keep" --retry 120
}

delete_snapshot() { # as delete
	"$rbdvol" delete "$space/web@keep" || [[ $? == 3 ]]
}

rename() { # as delete
	"$rbdvol" rename "$space/web" other || [[ $? == 3 ]]
}

each_point "create of an empty volume" nothing create_empty
each_point "create of a clone" golden create_clone
each_point "create of a clone of format 1" golden create_clone1 protected
each_point "resize" clone resize
each_point "snapshot" clone snapshot
each_point "flatten" clone flatten
each_point "delete" clone delete
each_point "delete of a clone of format 1" clone1 delete1 drop
each_point "flatten of a clone of format 1" clone1 flatten1 drop
each_point "prune of a protected snapshot" unused1 prune
each_point "reset" written reset
each_point "rollback" kept rollback rollback
each_point "delete of a snapshot" snapped delete_snapshot snapshot
each_point "rename" clone rename publish
each_point "wipe" written wipe
each_point "wipe of its own objects" filled wipe 'wipe\.removed'
each_point "wipe by zeros" written zero wipe
done_testing
