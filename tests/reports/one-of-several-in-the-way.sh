#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/41588
# Area: clone
# Where: cluster
# Found: right
# Of several images that are to go, one cannot; those behind it stay, too.
. "$(dirname -- "$0")/cluster-lib.sh"
for name in a b c d; do
	rbd create --size 8M "$pool/$name"
done
rbd snap create --no-progress "$pool/b@kept"
said=$(rbdvol delete "$pool/a" "$pool/b" "$pool/none" "$pool/c" "$pool/d" 2>&1)
status=$?
is "the status is that of the first that failed" $status 5
like "each that failed is told" "$said" "'$pool/b' has 1 snapshot.*no image '$pool/none'"
is "all others are gone" "$(rbd ls "$pool")" b
is "in JSON there is an answer for each" \
	"$(rbdvol delete --json "$pool/none" "$pool/b" "$pool/b@kept" "$pool/b" 2>/dev/null | jq -rs 'map(.error.code // "done") | join(" ")')" \
	"not-found busy done done"
done_testing
