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
	pool_delete $pool
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

reset() {
	"$rbdvol" reset "$space/web"
}

wipe() { # the watch of the one that was killed is in the way for a while
	"$rbdvol" wipe "$space/web" --algorithm trim --retry 120
}

delete() { # that there is nothing to delete any more is what was asked for
	"$rbdvol" delete "$space/web" || [[ $? == 3 ]]
}

each_point "create of an empty volume" nothing create_empty
each_point "create of a clone" golden create_clone
each_point "create of a clone of format 1" golden create_clone1 protected
each_point "resize" clone resize
each_point "snapshot" clone snapshot
each_point "flatten" clone flatten
each_point "delete" clone delete
each_point "reset" written reset
each_point "wipe" written wipe 'wipe\.(emptied|wiped)'
done_testing
