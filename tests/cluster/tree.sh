#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What depends on an image is told whole: over pools and namespaces, with what was removed but is kept
# for its clones.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_cluster "$@"

pool=tree other=tree2
rbdvol=$top_builddir/rbdvol
directory=$(mktemp -d)
export RBDVOL_SOCKET=$directory/api.sock LC_ALL=C.UTF-8

cleanup() {
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	pool_over $pool
	pool_over $other
	rm -rf "$directory"
}
trap cleanup EXIT

pool_create $pool
pool_create $other
rbd namespace create $other/team
"$top_builddir/rbdvold" --foreground 2>"$directory/log" &
daemon_pid=$!
wait_for 60 "$rbdvol" jobs || bail_out "rbdvold does not serve: $(cat "$directory/log")"

"$rbdvol" create $pool/golden --size 16M
is "what nothing depends on stands alone" "$("$rbdvol" tree $pool/golden)" "$pool/golden"
for clone in $pool/web1 $pool/web2 $other/team/web3; do
	"$rbdvol" create $clone --from $pool/golden 2>/dev/null
done
rbd snap create --no-progress $pool/web1@keep
"$rbdvol" create $pool/grandchild --from $pool/web1@keep 2>/dev/null
rbd snap create --no-progress $pool/golden@empty
ours=$(rbd snap ls $pool/golden --format json | jq -r '.[0].name')
is "clones, theirs, and snapshots that nobody has cloned" "$("$rbdvol" tree $pool/golden)" "\
$pool/golden
├─@$ours
│ ├─$pool/web1
│ │ └─@keep
│ │   └─$pool/grandchild
│ ├─$pool/web2
│ └─$other/team/web3
└─@empty"
rbd snap rm --no-progress $pool/golden@"$ours"
like "a removed snapshot is there for its clones" "$("$rbdvol" tree $pool/golden)" \
	'@[^ ]+ \(removed, kept for its clones\)'
rbd trash mv $pool/web2
like "so is a clone in the trash" "$("$rbdvol" tree $pool/golden)" "$pool/web2 \(in the trash\)"
is "as JSON: who has no snapshots" "$("$rbdvol" tree $pool/golden --json |
	jq -c '.tree.snapshots[0].clones | map(select(.snapshots == []) | .volume) | sort')" \
	"[\"$pool/web2\",\"$other/team/web3\"]"
refuses "of what is not there" 3 "no image '$pool/none'" "$rbdvol" tree $pool/none
refuses "of a snapshot" 2 'not a snapshot' "$rbdvol" tree $pool/golden@empty
done_testing
