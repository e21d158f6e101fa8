#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph-csi/issues/3511
# Area: clone
# Where: cluster
# Found: right
# A caller that did not get its answer asks again, and is told that an operation with that volume is under way.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M "$pool/golden"
asking=() failed=0
for i in 1 2 3 4 5 6; do
	rbdvol create "$pool/web" --from "$pool/golden" --size 32M >/dev/null 2>&1 &
	asking+=($!)
done
for i in "${asking[@]}"; do
	wait "$i" || failed=$((failed + 1))
done
is "all are told that it is there" $failed 0
is "it is there once" "$(rbd ls "$pool" | sort | xargs)" 'golden web'
is "of one snapshot" "$(rbd snap ls --format json "$pool/golden" | jq length)" 1
is "with its size" "$(rbd info --format json "$pool/web" | jq .size)" $((32 << 20))
done_testing
