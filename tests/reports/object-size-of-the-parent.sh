#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/42486
# Area: clone
# Where: cluster
# Found: right
# Golden images have objects of another size than the host's default: the clone is refused as an invalid argument.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M --object-size 8M "$pool/large"
rbd create --size 16M --object-size 1M --stripe-unit 64K --stripe-count 4 "$pool/striped"
rbd config pool set "$pool" rbd_default_order 23 2>/dev/null
for parent in large striped; do
	ok "a clone of $parent" rbdvol create "$pool/of-$parent" --from "$pool/$parent"
done
is "of the large one" "$(rbd info --format json "$pool/of-large" | jq .object_size)" $((8 << 20))
is "of the striped one" "$(rbd info --format json "$pool/of-striped" | jq -c '[.stripe_unit, .stripe_count]')" '[65536,4]'
done_testing
